// SPDX-License-Identifier: Apache-2.0
//
// Gemma 3 (Gemma 3 Technical Report, arXiv 2503.19786): norms around both halves of a layer and of each query and key,
// five layers with a window for each that sees everything, embeddings scaled by the square root of the hidden size. The
// file's norm weights are 1 + w already. The b1.58 embedding models of this family have a norm in every linear layer.
#include "model/architecture_gemma.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

constexpr LayerTensorNames kGemmaNames =
    WithHeadAndInnerNorms({.attn_post_norm = "post_attention_norm", .ffn_post_norm = "post_ffw_norm"});

std::optional<ActivationChoice> InferGemmaActivation(const ModelConfig&, std::string_view) {
  return ActivationChoice{backend::Activation::kGelu, "gelu: architecture 'gemma3' has GELU by its tanh approximation"};
}

constexpr Architecture kGemmaArchitectures[] = {
    {.name = "gemma3",
     .layer = kGemmaNames,
     .infer_activation = InferGemmaActivation,
     .dense_layers = true,
     .optional_inner_norms = true,
     .scales_embedding = true,
     .window = {.full_every = 6, .theta = 10000.0f}},
};

}  // namespace

std::span<const Architecture> GemmaArchitectures() { return kGemmaArchitectures; }

}  // namespace sterna::model
