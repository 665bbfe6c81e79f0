// SPDX-License-Identifier: Apache-2.0
//
// The JSON header of a safetensors file, parsed as a stream: no tree is built and nothing nests deeper than the format
// has it. Checks the form of each entry by itself; SafetensorsFile checks the entries against the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/safetensors_types.h"
#include "sterna/status.h"

namespace sterna::format {

struct SafetensorsEntry {
  std::string name;
  SafetensorsType type = SafetensorsType::kU8;
  std::vector<uint64_t> shape;
  uint64_t begin_bytes = 0, end_bytes = 0;  // from the start of the data
};

// In the order of the header. Messages name the tensor, not the file.
Result<std::vector<SafetensorsEntry>> ReadSafetensorsHeader(std::string_view json);

}  // namespace sterna::format
