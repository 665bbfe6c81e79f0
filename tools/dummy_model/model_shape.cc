// SPDX-License-Identifier: Apache-2.0
#include "model_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/status_macros.h"
#include "dummy_vocabulary.h"

namespace sterna::dummy_model {
namespace {

constexpr uint64_t kMost = uint64_t{1} << 24;  // of any dimension: products of three stay below 2^63 bits

Status CheckRange(std::string_view what, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return {};
  return Status::InvalidArgument(fmt::format("{} is {}; it must be {} to {}", what, value, least, most));
}

Status CheckDivides(std::string_view what, uint64_t value, std::string_view by_what, uint64_t by) {
  if (value % by == 0) return {};
  return Status::InvalidArgument(fmt::format("{} is {}, no multiple of {} ({})", what, value, by, by_what));
}

Status CheckTypes(const ModelShape& shape) {
  const quant::TypeInfo& ternary = quant::Info(shape.ternary);
  const quant::TypeInfo& embedding = quant::Info(shape.embedding);
  if (!ternary.ternary) return Status::InvalidArgument(fmt::format("{} is no ternary type", ternary.name));
  STERNA_RETURN_IF_ERROR(CheckDivides("--hidden", shape.hidden, ternary.name, ternary.block_elements));
  STERNA_RETURN_IF_ERROR(CheckDivides("--ffn", shape.ffn, ternary.name, ternary.block_elements));
  return CheckDivides("--hidden", shape.hidden, embedding.name, embedding.block_elements);
}

}  // namespace

Result<ModelShape> Preset(const std::string& name) {
  if (name == "tiny") return ModelShape{};
  if (name != "2b-4t") return Status::InvalidArgument(fmt::format("preset '{}'; there are tiny and 2b-4t", name));
  ModelShape shape;
  shape.hidden = 2560;
  shape.ffn = 6912;
  shape.layers = 30;
  shape.heads = 20;
  shape.kv_heads = 5;
  shape.vocab = kPublishedVocabularyTokens;
  return shape;
}

Status SetFormat(const std::string& name, ModelShape& shape) {
  using quant::TensorType;
  if (name == "sterna") return {};
  if (name != "bitnet.cpp" && name != "llama.cpp" && name != "ik_llama.cpp") {
    return Status::InvalidArgument(
        fmt::format("format '{}'; there are sterna, bitnet.cpp, llama.cpp and ik_llama.cpp", name));
  }
  shape.iq2_bn = name == "ik_llama.cpp";
  if (name == "llama.cpp") shape.ternary = TensorType::kTQ2_0;
  if (name != "bitnet.cpp") shape.embedding = TensorType::kQ6_K;
  if (name != "ik_llama.cpp") shape.architecture = "bitnet";  // the one name that all their versions know
  return {};
}

Status SetHeadStatistics(const std::string& name, ModelShape& shape) {
  // What tools/head_stats/measure.py fits: the screens of docs/head.md leave the same shares of rows.
  constexpr uint64_t kGemma3Width = 450;
  if (name == "flat") {
    shape.head_width = 0;
  } else if (name == "gemma3") {
    shape.head_width = std::min(kGemma3Width, shape.hidden);
  } else {
    return Status::InvalidArgument(fmt::format("head statistics '{}'; there are flat and gemma3", name));
  }
  return {};
}

uint64_t CyclePredecessor(const ModelShape& shape, uint64_t token) {
  const uint64_t first = token / shape.cycle * shape.cycle;
  const uint64_t last = std::min(first + shape.cycle, shape.vocab) - 1;
  return token == first ? last : token - 1;
}

float BlockOutputScale(const ModelShape& shape) { return shape.cycle > 0 ? 0x1p-11f : 1.0f; }

Status CheckShape(const ModelShape& shape) {
  STERNA_RETURN_IF_ERROR(CheckRange("--hidden", shape.hidden, 1, kMost));
  STERNA_RETURN_IF_ERROR(CheckRange("--ffn", shape.ffn, 1, kMost));
  STERNA_RETURN_IF_ERROR(CheckRange("--layers", shape.layers, 1, 10000));
  STERNA_RETURN_IF_ERROR(CheckRange("--heads", shape.heads, 1, shape.hidden));
  STERNA_RETURN_IF_ERROR(CheckRange("--kv-heads", shape.kv_heads, 1, shape.heads));
  STERNA_RETURN_IF_ERROR(CheckRange("--vocab", shape.vocab, kLeastVocabularyTokens, kMostVocabularyTokens));
  STERNA_RETURN_IF_ERROR(CheckRange("--context", shape.context, 1, kMost));
  STERNA_RETURN_IF_ERROR(CheckDivides("--hidden", shape.hidden, "--heads", shape.heads));
  STERNA_RETURN_IF_ERROR(CheckDivides("--heads", shape.heads, "--kv-heads", shape.kv_heads));
  STERNA_RETURN_IF_ERROR(CheckDivides("the columns of a head", shape.head_columns(), "rotary pairs", 2));
  STERNA_RETURN_IF_ERROR(CheckRange("--cycle", shape.cycle, 0, shape.vocab));
  if (!(shape.zero_share >= 0 && shape.zero_share <= 1)) {
    return Status::InvalidArgument(fmt::format("--zeros is {}; it must be 0 to 1", shape.zero_share));
  }
  if (shape.ffn_sparsity != 0 && !(shape.ffn_sparsity >= 0.05 && shape.ffn_sparsity <= 0.95)) {
    return Status::InvalidArgument(fmt::format("--ffn-sparsity is {}; it must be 0.05 to 0.95", shape.ffn_sparsity));
  }
  return CheckTypes(shape);
}

}  // namespace sterna::dummy_model
