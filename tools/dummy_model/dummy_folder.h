// SPDX-License-Identifier: Apache-2.0
//
// A Hugging Face folder with random masters in bfloat16, which its configuration says to round on every call: what is
// published beside a packed model, for conversion tests (quantization_mode online).
#pragma once

#include <string>

#include "model_shape.h"

namespace sterna::dummy_model {

struct FolderSizes {
  uint64_t bytes = 0;
  uint64_t parameters = 0;
  uint64_t ternary_parameters = 0;
};

// Writes config.json, tokenizer.json and model.safetensors into `folder`, which is made where it is missing.
// InvalidArgument for a shape that cannot be; Unavailable when a file cannot be written.
Result<FolderSizes> WriteFolder(const ModelShape& shape, const std::string& folder);

}  // namespace sterna::dummy_model
