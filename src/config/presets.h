// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sterna/config.h"

namespace sterna::config {

struct PresetName {
  std::string name, summary;
};
std::vector<PresetName> PresetNames();

// Mobile below 4 cores or 4 GB of memory, server above 16 cores. Pure.
HardwareProfile ChooseProfile(uint32_t cores, uint64_t memory_bytes);

}  // namespace sterna::config
