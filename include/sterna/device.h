// SPDX-License-Identifier: Apache-2.0
//
// Where a model's layers run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna {

// As text: auto, cpu, metal, cuda, cuda:1.
struct Device {
  enum class Kind : uint8_t { Auto, Cpu, Metal, Cuda };
  Kind kind = Kind::Auto;
  int index = 0;  // which of several of its kind

  static const Device Auto, Cpu, Metal, Cuda;

  // Whether this build and this machine can run layers there. Auto always can.
  bool is_available() const;
  // This device where it is available, else the other.
  Device or_fallback(Device other) const { return is_available() ? *this : other; }
  static Device best_available();
  static std::vector<Device> available_devices();

  std::string to_string() const;
  // InvalidArgument naming the text and what is known.
  static Result<Device> parse(std::string_view text);

  friend bool operator==(Device, Device) = default;
};

inline constexpr Device Device::Auto{Device::Kind::Auto};
inline constexpr Device Device::Cpu{Device::Kind::Cpu};
inline constexpr Device Device::Metal{Device::Kind::Metal};
inline constexpr Device Device::Cuda{Device::Kind::Cuda};

}  // namespace sterna
