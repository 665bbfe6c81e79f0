// SPDX-License-Identifier: Apache-2.0
#include "platform/energy_counter.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>

#include "platform/cgroup.h"

namespace sterna::platform {
namespace {

std::optional<uint64_t> ReadNumber(const std::string& path) {
  const std::string text = ReadSmallFile(path);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<EnergyCounter> EnergyCounter::Open(const std::string& folder) {
  EnergyCounter counter;
  std::error_code error;
  bool seen = false;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string zone = entry.path().string();
    if (!ReadSmallFile(zone + "/name").starts_with("package-")) continue;
    seen = true;
    const std::string path = zone + "/energy_uj";
    const std::optional<uint64_t> now = ReadNumber(path);
    if (!now) continue;
    counter.zones_.push_back({path, ReadNumber(zone + "/max_energy_range_uj").value_or(0), *now, 0});
  }
  if (!counter.zones_.empty()) return counter;
  if (seen) {
    return Status::Unavailable(fmt::format("energy_uj under {} may be read by root only; chmod a+r it", folder));
  }
  return Status::Unavailable(fmt::format("no energy counter of a CPU package in {} (a virtual machine?)", folder));
}

double EnergyCounter::ReadJoules() {
  uint64_t total_uj = 0;
  for (Zone& zone : zones_) {
    const uint64_t now = ReadNumber(zone.path).value_or(zone.last_uj);
    zone.total_uj += now >= zone.last_uj ? now - zone.last_uj : now + (zone.range_uj - zone.last_uj);
    zone.last_uj = now;
    total_uj += zone.total_uj;
  }
  return double(total_uj) / 1e6;
}

}  // namespace sterna::platform
