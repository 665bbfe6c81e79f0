// SPDX-License-Identifier: Apache-2.0
//
// From a model, whatever holds it, to a model file (docs/convert.md).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_config.h"
#include "quant/tensor_type.h"
#include "sterna/status.h"

namespace sterna::convert {

struct ConvertOptions {
  model::ModelOptions model;  // how the source is read
  // Of the linear layers: a ternary type; empty for a `sterna` file (docs/sterna-files.md).
  std::optional<quant::TensorType> linear;
  // F32, F16, BF16, Q8_0, Q6_K or Q4_0; empty: as the source has it, of a Hugging Face folder F16. A head of its own is
  // added to a model that has none.
  std::optional<quant::TensorType> embedding, head;
  uint32_t threads = 1;
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> on_progress;  // of the tensors written; may be empty
  std::function<bool()> should_stop;  // asked as tensors are written: true ends with Cancelled; may be empty
};

// Cancelled once `options` say to stop.
Status CheckGoOn(const ConvertOptions& options);

struct ConvertReport {
  uint64_t source_bytes = 0;
  uint64_t tensors = 0;
  uint64_t ternary_tensors = 0;
  std::vector<std::string> warnings;
};

// `input`: a GGUF file or a Hugging Face folder. Writes `output` through a temporary file and a rename, one tensor at a
// time. A folder becomes a `sterna` file by way of an I2_S file beside it. Errors as ExportGguf and ConvertToSterna.
Result<ConvertReport> ConvertModel(const std::string& input, const std::string& output, const ConvertOptions& options);

// "i2_s" for I2_S, "q6_k" for Q6_K and so on: what --to, --embedding-type and --head-type name.
std::string TypeName(quant::TensorType type);
// nullopt for the name of no ternary type.
std::optional<quant::TensorType> LinearTypeByName(std::string_view name);
std::vector<std::string> LinearTypeNames();

}  // namespace sterna::convert
