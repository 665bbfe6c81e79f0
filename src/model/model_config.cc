// SPDX-License-Identifier: Apache-2.0
#include "model/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "format/gguf_names.h"
#include "model/activation.h"
#include "model/architecture.h"
#include "model/config_keys.h"
#include "quant/dequantize.h"

namespace sterna::model {
namespace {

// Far beyond any model, and small enough that no product of two of them overflows 64 bits, that int32 sums over a row
// cannot overflow (127 * columns), and that a position times a frequency stays exact in double.
constexpr uint32_t kMaxWidth = 1u << 22;
constexpr uint32_t kMaxHeads = 1u << 14;
constexpr uint32_t kMaxHeadDim = 1u << 14;
constexpr uint32_t kMaxContextTokens = 1u << 24;
constexpr uint32_t kMaxVocabulary = 1u << 26;

std::string KnownArchitectures() {
  std::string names;
  for (const Architecture* architecture : Architectures()) {
    names.append(names.empty() ? "" : ", ").append(architecture->name);
  }
  return names;
}

Result<const Architecture*> ReadArchitecture(const format::GgufFile& file) {
  STERNA_ASSIGN_OR_RETURN(const std::optional<std::string_view> name, file.GetString("general.architecture"));
  if (!name) {
    return Status::Corrupt(fmt::format("file {}: key 'general.architecture' is missing; expected one of {}",
                                       format::Quoted(file.name()), KnownArchitectures()));
  }
  const Architecture* architecture = FindArchitecture(*name);
  if (architecture == nullptr) {
    return Status::Unsupported(fmt::format("file {}: architecture {} is not supported; known are {}",
                                           format::Quoted(file.name()), format::Quoted(*name), KnownArchitectures()));
  }
  return architecture;
}

// The vocabulary has three witnesses: the key (optional), the token list (optional for a file without text) and the
// embedding's rows (checked by the loader against the number returned here).
Result<uint32_t> ReadVocabularySize(const format::GgufFile& file, const ConfigKeys& keys) {
  STERNA_ASSIGN_OR_RETURN(const auto tokens, file.GetStrings("tokenizer.ggml.tokens"));
  const uint64_t listed = tokens ? tokens->size() : 0;
  if (listed > kMaxVocabulary) {
    return Status::Corrupt(fmt::format("file {}: key 'tokenizer.ggml.tokens' has {} entries; at most {} are possible",
                                       format::Quoted(file.name()), listed, kMaxVocabulary));
  }
  const auto fallback = tokens && listed > 0 ? std::optional<uint32_t>(uint32_t(listed)) : std::nullopt;
  STERNA_ASSIGN_OR_RETURN(const uint32_t stated, keys.Count("vocab_size", {1, kMaxVocabulary}, fallback));
  if (tokens && stated != listed) {
    return keys.Wrong("vocab_size", fmt::format("is {}, and tokenizer.ggml.tokens has {} entries", stated, listed));
  }
  return stated;
}

Status ReadHeads(const ConfigKeys& keys, ModelConfig& config) {
  STERNA_ASSIGN_OR_RETURN(config.heads, keys.Count("attention.head_count", {1, kMaxHeads}));
  STERNA_ASSIGN_OR_RETURN(config.kv_heads, keys.Count("attention.head_count_kv", {1, kMaxHeads}, config.heads));
  if (config.heads % config.kv_heads != 0) {
    return keys.Wrong("attention.head_count_kv",
                      fmt::format("is {}, which does not divide head_count {}", config.kv_heads, config.heads));
  }
  STERNA_ASSIGN_OR_RETURN(config.head_dim, keys.Count("attention.key_length", {1, kMaxHeadDim}, 0u));
  if (config.head_dim == 0) {
    if (config.hidden % config.heads != 0) {
      return keys.Wrong("attention.head_count",
                        fmt::format("is {}, which does not divide embedding_length {}", config.heads, config.hidden));
    }
    config.head_dim = config.hidden / config.heads;
  }
  STERNA_ASSIGN_OR_RETURN(const uint32_t value_length,
                          keys.Count("attention.value_length", {1, kMaxHeadDim}, config.head_dim));
  if (value_length != config.head_dim) {
    return keys.Wrong("attention.value_length",
                      fmt::format("is {}; it must equal the key length {}", value_length, config.head_dim));
  }
  if (uint64_t{config.heads} * config.head_dim > kMaxWidth) {
    return keys.Wrong("attention.head_count", fmt::format("is {}; heads of {} give rows over the limit of {}",
                                                          config.heads, config.head_dim, kMaxWidth));
  }
  return {};
}

Status ReadRope(const ConfigKeys& keys, ModelConfig& config) {
  STERNA_ASSIGN_OR_RETURN(config.rotary_dim, keys.Count("rope.dimension_count", {2, config.head_dim}, config.head_dim));
  if (config.rotary_dim % 2 != 0) {
    return keys.Wrong("rope.dimension_count", fmt::format("is {}; it must be even", config.rotary_dim));
  }
  STERNA_ASSIGN_OR_RETURN(config.rope_theta, keys.Positive("rope.freq_base", 1e12, 10000.0f));
  STERNA_ASSIGN_OR_RETURN(const auto scaling, keys.Text("rope.scaling.type"));
  if (scaling && *scaling != "none") {
    return Status::Unsupported(fmt::format("{} is {}; only models without RoPE scaling run",
                                           keys.Key("rope.scaling.type"), format::Quoted(*scaling)));
  }
  return {};
}

Status ReadWindow(const Architecture& architecture, const ConfigKeys& keys, ModelConfig& config) {
  if (architecture.window.full_every == 0) return {};
  STERNA_ASSIGN_OR_RETURN(config.window, keys.Count("attention.sliding_window", {0, kMaxContextTokens}, 0u));
  STERNA_ASSIGN_OR_RETURN(config.full_attention_every, keys.Count("attention.sliding_window_pattern", {1, 1u << 16},
                                                                  architecture.window.full_every));
  STERNA_ASSIGN_OR_RETURN(config.window_rope_theta,
                          keys.Positive("rope.freq_base_swa", 1e12, architecture.window.theta));
  return {};
}

// The first linear layer tells; the loader holds the others to it.
bool HasDenseLayers(const Architecture& architecture, const format::GgufFile& file) {
  if (!architecture.dense_layers) return false;
  const format::GgufTensor* first = file.FindTensor("blk.0." + std::string(architecture.layer.q) + ".weight");
  return first != nullptr && first->type && !quant::Info(*first->type).ternary && quant::CanDequantizeRow(*first->type);
}

// The first layer tells; the loader asks the others for them.
bool HasInnerNorms(const Architecture& architecture, const format::GgufFile& file) {
  return architecture.optional_inner_norms &&
         file.FindTensor("blk.0." + std::string(architecture.layer.q_in) + ".weight") != nullptr;
}

Status ReadShape(const format::GgufFile& file, const ConfigKeys& keys, ModelConfig& config) {
  STERNA_ASSIGN_OR_RETURN(config.context_length, keys.Count("context_length", {1, kMaxContextTokens}));
  STERNA_ASSIGN_OR_RETURN(config.hidden, keys.Count("embedding_length", {1, kMaxWidth}));
  STERNA_ASSIGN_OR_RETURN(config.ffn, keys.Count("feed_forward_length", {1, kMaxWidth}));
  const uint32_t max_layers = uint32_t(std::min<uint64_t>(file.tensors().size(), 1u << 16));
  STERNA_ASSIGN_OR_RETURN(config.layers, keys.Count("block_count", {1, std::max(1u, max_layers)}));
  STERNA_RETURN_IF_ERROR(ReadHeads(keys, config));
  STERNA_RETURN_IF_ERROR(ReadRope(keys, config));
  STERNA_ASSIGN_OR_RETURN(config.norm_eps, keys.Positive("attention.layer_norm_rms_epsilon", 1.0));
  return {};
}

// Weights that are stored rotated would run unrotated, and say nothing sensible.
Status RefuseRotatedWeights(const format::GgufFile& file) {
  constexpr std::string_view kRotation = "prism.hadamard.";
  for (const auto& [key, value] : file.values()) {
    if (!key.starts_with(kRotation)) continue;
    return Status::Unsupported(
        fmt::format("file {}: key {} says that its weights are rotated (Hadamard blocks); such models do not run",
                    format::Quoted(file.name()), format::Quoted(key)));
  }
  return {};
}

}  // namespace

Result<ModelConfig> ReadModelConfig(const format::GgufFile& file, const ModelOptions& options) {
  STERNA_ASSIGN_OR_RETURN(const Architecture* architecture, ReadArchitecture(file));
  STERNA_RETURN_IF_ERROR(RefuseRotatedWeights(file));
  const ConfigKeys keys(file, architecture->name);
  ModelConfig config;
  config.architecture = architecture->name;
  STERNA_ASSIGN_OR_RETURN(const auto name, file.GetString("general.name"));
  config.name = name.value_or("");
  STERNA_RETURN_IF_ERROR(ReadShape(file, keys, config));
  STERNA_RETURN_IF_ERROR(ReadWindow(*architecture, keys, config));
  STERNA_ASSIGN_OR_RETURN(config.vocabulary_size, ReadVocabularySize(file, keys));
  config.rope_order = architecture->rope_order;
  STERNA_ASSIGN_OR_RETURN(config.pooling_type, keys.Count("pooling_type", {0, 4}, 0u));
  if (architecture->scales_embedding) config.embedding_factor = std::sqrt(float(config.hidden));
  config.inner_norms = HasInnerNorms(*architecture, file);
  config.dense_layers = HasDenseLayers(*architecture, file);

  STERNA_ASSIGN_OR_RETURN(const auto tokenizer_model, file.GetString("tokenizer.ggml.model"));
  STERNA_ASSIGN_OR_RETURN(ActivationChoice activation,
                          DecideActivation(*architecture, keys, config, tokenizer_model.value_or(std::string_view{}),
                                           options.ffn_activation));
  config.activation = activation.kind;
  config.activation_reason = std::move(activation.reason);
  return config;
}

}  // namespace sterna::model
