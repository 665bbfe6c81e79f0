// SPDX-License-Identifier: Apache-2.0
//
// Gemma 3 (Gemma 3 Technical Report, arXiv 2503.19786): norms around both halves of a layer and of each query and key,
// five layers with a window for each that sees everything, embeddings scaled by the square root of the hidden size. The
// file's norm weights are 1 + w already. The b1.58 embedding models of this family have a norm in every linear layer.
#include "model/architecture_gemma.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

constexpr LayerTensorNames kNames = {.attn_sub_norm = "attn_output_norm_in",
                                     .ffn_sub_norm = "ffn_down_norm_in",
                                     .attn_post_norm = "post_attention_norm",
                                     .ffn_post_norm = "post_ffw_norm",
                                     .q_norm = "attn_q_norm",
                                     .k_norm = "attn_k_norm",
                                     .q_in = "attn_q_norm_in",
                                     .k_in = "attn_k_norm_in",
                                     .v_in = "attn_v_norm_in",
                                     .gate_in = "ffn_gate_norm_in",
                                     .up_in = "ffn_up_norm_in"};

std::optional<ActivationChoice> InferGelu(const ModelConfig&, std::string_view) {
  return ActivationChoice{backend::Activation::kGelu, "gelu: architecture 'gemma3' has GELU by its tanh approximation"};
}

constexpr Architecture kArchitectures[] = {
    {.name = "gemma3",
     .layer = kNames,
     .infer_activation = InferGelu,
     .dense_layers = true,
     .optional_inner_norms = true,
     .scales_embedding = true,
     .window = {.full_every = 6, .theta = 10000.0f}},
};

}  // namespace

std::span<const Architecture> GemmaArchitectures() { return kArchitectures; }

}  // namespace sterna::model
