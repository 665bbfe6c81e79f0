// SPDX-License-Identifier: Apache-2.0
#include "model/architecture_bitnet.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

using backend::Activation;

constexpr LayerTensorNames kNames = {.attn_sub_norm = "attn_sub_norm", .ffn_sub_norm = "ffn_sub_norm"};

std::optional<ActivationChoice> InferBitnet(const ModelConfig&, std::string_view) {
  return ActivationChoice{Activation::kSilu, "silu: architecture 'bitnet' names the SiLU models of 2024"};
}

std::optional<ActivationChoice> InferBitnet25(const ModelConfig&, std::string_view) {
  return ActivationChoice{Activation::kRelu2, "relu2: architecture 'bitnet-25' has squared ReLU"};
}

// Converters label SiLU models bitnet-b1.58 too, so the name alone decides nothing; known shapes do.
std::optional<ActivationChoice> InferBitnetB158(const ModelConfig& config, std::string_view tokenizer_model) {
  if (config.vocabulary_size == 128256 && config.hidden == 2560 && config.ffn == 6912) {
    return ActivationChoice{Activation::kRelu2, "relu2: the shape is that of BitNet b1.58 2B-4T"};
  }
  if (config.vocabulary_size == 32002) {
    return ActivationChoice{Activation::kSilu, "silu: a vocabulary of 32002 is that of the SiLU reproductions"};
  }
  if (tokenizer_model == "llama") {
    return ActivationChoice{Activation::kSilu, "silu: a SentencePiece tokenizer comes with the SiLU reproductions"};
  }
  return std::nullopt;
}

constexpr Architecture kArchitectures[] = {
    {.name = "bitnet-b1.58", .layer = kNames, .infer_activation = InferBitnetB158},
    {.name = "bitnet-25", .layer = kNames, .infer_activation = InferBitnet25},
    {.name = "bitnet", .layer = kNames, .infer_activation = InferBitnet},
};

}  // namespace

std::span<const Architecture> BitnetArchitectures() { return kArchitectures; }

}  // namespace sterna::model
