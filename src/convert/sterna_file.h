// SPDX-License-Identifier: Apache-2.0
//
// From a model file to a `sterna` file: a GGUF v3 container whose ternary matrices lie as the kernels read them, with
// the source's metadata, the tokenizer's lookup tables and a checksum per tensor (docs/sterna-files.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "sterna/status.h"

namespace sterna::convert {

struct ConvertOptions {
  model::ModelOptions model;  // how the source is read
  uint32_t threads = 1;
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> on_progress;  // of the tensors written; may be empty
};

struct ConvertReport {
  uint64_t source_bytes = 0;
  uint64_t tensors = 0;
  uint64_t ternary_tensors = 0;
  std::vector<std::string> warnings;
};

// Writes `output` through a temporary file and a rename, one tensor at a time. Errors as model::Model::Load for the
// source; InvalidArgument when it is a `sterna` file already; Unavailable when the output cannot be written.
Result<ConvertReport> ConvertToSterna(const std::string& input, const std::string& output,
                                      const ConvertOptions& options);

}  // namespace sterna::convert
