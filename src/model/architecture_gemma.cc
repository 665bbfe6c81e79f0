// SPDX-License-Identifier: Apache-2.0
//
// Gemma 3 (Gemma 3 Technical Report, arXiv 2503.19786): norms around both halves of a layer and of each query and key,
// five layers with a window for each that sees everything, embeddings scaled by the square root of the hidden size. The
// file's norm weights are 1 + w already.
#include "model/architecture_gemma.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

constexpr LayerTensorNames kNames = {.attn_norm = "attn_norm",
                                     .ffn_norm = "ffn_norm",
                                     .attn_sub_norm = {},
                                     .ffn_sub_norm = {},
                                     .attn_post_norm = "post_attention_norm",
                                     .ffn_post_norm = "post_ffw_norm",
                                     .q_norm = "attn_q_norm",
                                     .k_norm = "attn_k_norm",
                                     .q = "attn_q",
                                     .k = "attn_k",
                                     .v = "attn_v",
                                     .o = "attn_output",
                                     .gate = "ffn_gate",
                                     .up = "ffn_up",
                                     .down = "ffn_down"};

std::optional<ActivationChoice> InferGelu(const ModelConfig&, std::string_view) {
  return ActivationChoice{backend::Activation::kGelu, "gelu: architecture 'gemma3' has GELU by its tanh approximation"};
}

constexpr Architecture kArchitectures[] = {
    {.name = "gemma3",
     .layer = kNames,
     .infer_activation = InferGelu,
     .dense_layers = true,
     .scales_embedding = true,
     .window = {.full_every = 6, .theta = 10000.0f}},
};

}  // namespace

std::span<const Architecture> GemmaArchitectures() { return kArchitectures; }

}  // namespace sterna::model
