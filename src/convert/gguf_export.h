// SPDX-License-Identifier: Apache-2.0
//
// From a model to a GGUF file whose linear layers are of one ternary type: codes stay what they are, scales too as far
// as the type holds them (docs/convert.md).
#pragma once

#include <string>

#include "convert/convert.h"
#include "convert/model_source.h"

namespace sterna::convert {

// Linear layers get the type that `options` names, or stay as they are. Writes `output` through a temporary file and a
// rename, one tensor at a time. InvalidArgument where a type cannot hold a tensor, which is named; Unsupported for
// linear layers that are neither ternary nor F32, F16 or BF16; Corrupt for values that are not finite; Unavailable when
// the output cannot be written.
Result<ConvertReport> ExportGguf(const ModelSource& source, const std::string& output, const ConvertOptions& options);

}  // namespace sterna::convert
