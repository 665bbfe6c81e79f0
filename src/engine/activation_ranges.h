// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sterna/status.h"

namespace sterna::engine {

// Which magnitude int8's 127 stands for wherever activations enter linear layers, measured over a text.
struct ActivationRanges {
  uint64_t model = 0;          // what these are of: a hash of the model's tensors
  double percentile = 100;     // of the magnitudes that were seen
  uint32_t samples = 0;        // texts that were read
  std::vector<float> largest;  // [layers * model::Model::kInputsPerLayer]
  bool operator==(const ActivationRanges&) const = default;
};

// As text: a line for each, by the names of Model::InputName. Unavailable when it cannot be written.
Status WriteRanges(const std::string& path, const ActivationRanges& ranges);
// NotFound, or Corrupt naming the line.
Result<ActivationRanges> ReadRanges(const std::string& path);

}  // namespace sterna::engine
