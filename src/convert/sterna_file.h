// SPDX-License-Identifier: Apache-2.0
//
// From a model file to a `sterna` file: a GGUF v3 container whose ternary matrices lie as the kernels read them, with
// the source's metadata, the tokenizer's lookup tables and a checksum per tensor (docs/sterna-files.md).
#pragma once

#include <string>

#include "convert/convert.h"
#include "sterna/status.h"

namespace sterna::convert {

// Writes `output` through a temporary file and a rename, one tensor at a time. Errors as model::Model::Load for the
// source; InvalidArgument when it is a `sterna` file already; Unavailable when the output cannot be written.
Result<ConvertReport> ConvertToSterna(const std::string& input, const std::string& output,
                                      const ConvertOptions& options);

}  // namespace sterna::convert
