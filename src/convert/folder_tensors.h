// SPDX-License-Identifier: Apache-2.0
//
// Which tensor of a Hugging Face folder is which of a GGUF file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "convert/folder_config.h"
#include "convert/model_source.h"
#include "format/safetensors_folder.h"

namespace sterna::convert {

// Where the values of a tensor come from.
struct FolderOrigin {
  const format::SafetensorsTensor* values = nullptr;
  const format::SafetensorsTensor* scale = nullptr;  // weight_scale of a linear layer; nullptr where there is none
  bool plus_one = false;                             // a norm that multiplies by 1 + its value
  bool pairs = false;  // rows of a head become 0, n/2, 1, n/2 + 1, ...: what neighbouring pairs turn together
};

struct FolderTensors {
  std::vector<SourceTensor> tensors;  // in the order of a file
  std::vector<FolderOrigin> origins;  // of each
};

// The number format of F32, F16 and BF16 elements; nullopt for others, which are no numbers that are read.
std::optional<quant::TensorType> FloatType(format::SafetensorsType type);

// Corrupt when a tensor is missing or of another shape than the configuration says; Unsupported when one is left over
// (biases, say) or of a type that is not read.
Result<FolderTensors> MapFolderTensors(const format::SafetensorsFolder& folder, const FolderConfig& config);

}  // namespace sterna::convert
