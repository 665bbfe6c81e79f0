// SPDX-License-Identifier: Apache-2.0
//
// What two model files have in common: keys by what they say, linear layers by codes and scales whatever their types,
// other tensors by their numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/gguf_file.h"
#include "model/model_config.h"
#include "sterna/status.h"

namespace sterna::convert {

struct Difference {
  std::string name;       // a key's or a tensor's
  std::string what;       // one clause: "only in the first", "I2_S and TQ2_0; the codes are the same"
  bool in_value = false;  // false: stored otherwise, and the same all the same
};

struct Comparison {
  uint64_t same_keys = 0, same_tensors = 0;
  std::vector<Difference> keys, tensors;  // in the order of the files
  bool SameValues() const;
};

// Corrupt or Unsupported when a tensor that both have cannot be read. `options` say how both are read.
Result<Comparison> CompareFiles(const format::GgufFile& first, const format::GgufFile& second,
                                const model::ModelOptions& options);

struct TernaryCounts {
  uint64_t tensors = 0, values = 0, zeros = 0;
};

// Of the ternary linear layers of a file; those of an unknown architecture are none.
Result<TernaryCounts> CountTernary(const format::GgufFile& file, const model::ModelOptions& options);

}  // namespace sterna::convert
