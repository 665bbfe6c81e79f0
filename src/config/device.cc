// SPDX-License-Identifier: Apache-2.0
#include "sterna/device.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "config/number_parsing.h"

namespace sterna {

bool Device::is_available() const { return kind == Kind::Auto || kind == Kind::Cpu; }

Device Device::best_available() { return Cpu; }

std::vector<Device> Device::available_devices() { return {Cpu}; }

std::string Device::to_string() const {
  switch (kind) {
    case Kind::Auto: return "auto";
    case Kind::Cpu: return "cpu";
    case Kind::Metal: return "metal";
    case Kind::Cuda: return index == 0 ? "cuda" : fmt::format("cuda:{}", index);
  }
  return "unknown";
}

Result<Device> Device::parse(std::string_view text) {
  for (const Device device : {Auto, Cpu, Metal, Cuda}) {
    if (text == device.to_string()) return device;
  }
  constexpr std::string_view kNumbered = "cuda:";
  constexpr uint64_t kMaxIndex = 255;
  if (text.starts_with(kNumbered)) {
    STERNA_ASSIGN_OR_RETURN(const uint64_t index, config::ParseUnsigned("the number of the CUDA device",
                                                                        text.substr(kNumbered.size()), 0, kMaxIndex));
    return Device{Kind::Cuda, int(index)};
  }
  return Status::InvalidArgument(
      fmt::format("'{}' is no device; give auto, cpu, metal, cuda or cuda:N", text.substr(0, 64)));
}

}  // namespace sterna
