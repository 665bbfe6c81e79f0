// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "convert/model_source.h"

namespace sterna::convert {

// A Hugging Face folder (config.json, safetensors, tokenizer files) as the source of a GGUF file: its tensors by their
// GGUF names, in the order of layers, norms as files of that architecture have them, rows of queries and keys turned
// where they pair neighbours. NotFound, Corrupt or Unsupported; one line naming the file and the key or the tensor.
Result<std::unique_ptr<ModelSource>> OpenFolderSource(const std::string& folder);

}  // namespace sterna::convert
