// SPDX-License-Identifier: Apache-2.0
#include "tune/tuned_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

#include "base/hash.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "config/config_file.h"
#include "platform/cpu_features.h"
#include "platform/environment.h"
#include "platform/topology.h"

namespace sterna::tune {
namespace {

namespace fs = std::filesystem;

uint64_t HashOf(const std::string& text) { return Hash64(std::as_bytes(std::span(text))); }

std::optional<fs::path> Folder() {
  constexpr const char* kPlace = "sterna/tuned";
  const auto state = platform::GetEnvironment("XDG_STATE_HOME");
  if (state && state->starts_with('/')) return fs::path(*state) / kPlace;
  const auto home = platform::GetEnvironment("HOME");
  if (!home || home->empty()) return std::nullopt;
  return fs::path(*home) / ".local" / "state" / kPlace;
}

}  // namespace

Machine ThisMachine() {
  const platform::CpuFeatures cpu = platform::DetectCpu();
  return {cpu.brand, cpu.bits, platform::UsableCores(), platform::UsableLogicalCpus()};
}

std::optional<std::string> TunedFile(const std::string& model_path, const Machine& machine) {
  std::error_code missing;
  const uint64_t bytes = fs::file_size(model_path, missing);
  const auto folder = Folder();
  if (missing || !folder) return std::nullopt;
  const uint64_t machine_hash =
      HashOf(fmt::format("{} {:x} {} {}", machine.cpu, machine.feature_bits, machine.cores, machine.logical_cpus));
  const uint64_t model_hash = HashOf(fmt::format("{} {}", fs::path(model_path).filename().string(), bytes));
  return (*folder / fmt::format("{:016x}-{:016x}.toml", machine_hash, model_hash)).string();
}

Result<std::vector<config::Assignment>> ReadTuned(const std::string& path) {
  auto settings = config::ReadConfigFile(path);
  if (!settings.ok() && settings.status().code() == StatusCode::kNotFound) return std::vector<config::Assignment>{};
  return settings;
}

std::vector<config::Assignment> TunedSettings(const std::string& model_path) {
  const auto file = TunedFile(model_path, ThisMachine());
  if (!file) return {};
  auto settings = ReadTuned(*file);
  config::Sources alone;
  if (settings.ok()) alone.tuned = *settings;
  const Status status = settings.ok() ? config::Resolve(alone).status() : settings.status();
  if (!status.ok()) {
    Log(LogLevel::kWarn, "tune", fmt::format("{}; sterna tune makes the file anew", status.message()));
    return {};
  }
  if (!settings->empty()) Log(LogLevel::kInfo, "tune", fmt::format("settings tuned for this model: '{}'", *file));
  return *std::move(settings);
}

Status WriteTuned(const std::string& path, const std::string& remark,
                  const std::vector<std::pair<std::string, std::string>>& settings) {
  const std::string draft = path + ".new";
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file << "# " << remark << "\n" << std::flush;
  if (!file)
    return Status::Unavailable(
        fmt::format("cannot write '{}': {}; make its folder writable", draft, std::strerror(errno)));
  file.close();
  for (const auto& [key, value] : settings) STERNA_RETURN_IF_ERROR(config::SetInFile(draft, key, value));
  fs::rename(draft, path, error);
  if (error)
    return Status::Unavailable(fmt::format("cannot write '{}': {}; make its folder writable", path, error.message()));
  return {};
}

}  // namespace sterna::tune
