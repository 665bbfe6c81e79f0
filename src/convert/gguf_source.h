// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "convert/convert.h"
#include "convert/model_source.h"
#include "format/gguf_file.h"

namespace sterna::convert {

// A GGUF file as the source of another. Tensors of types that Sterna does not read are left out with a warning. Errors
// as model::ReadModelConfig; InvalidArgument for a `sterna` file. `file` must outlive the source.
Result<std::unique_ptr<ModelSource>> OpenGgufSource(const format::GgufFile& file, const model::ModelOptions& options);

}  // namespace sterna::convert
