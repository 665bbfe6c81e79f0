// SPDX-License-Identifier: Apache-2.0
//
// Qwen 3 (Qwen3 Technical Report, arXiv 2505.09388): norms of each query and key. The b1.58 embedding models of this
// family have a norm in every linear layer.
#include "model/architecture_qwen.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

constexpr LayerTensorNames kNames = {.attn_sub_norm = "attn_output_norm_in",
                                     .ffn_sub_norm = "ffn_down_norm_in",
                                     .q_norm = "attn_q_norm",
                                     .k_norm = "attn_k_norm",
                                     .q_in = "attn_q_norm_in",
                                     .k_in = "attn_k_norm_in",
                                     .v_in = "attn_v_norm_in",
                                     .gate_in = "ffn_gate_norm_in",
                                     .up_in = "ffn_up_norm_in"};

std::optional<ActivationChoice> InferSilu(const ModelConfig&, std::string_view) {
  return ActivationChoice{backend::Activation::kSilu, "silu: architecture 'qwen3' has SiLU"};
}

constexpr Architecture kArchitectures[] = {
    {.name = "qwen3",
     .layer = kNames,
     .infer_activation = InferSilu,
     .dense_layers = true,
     .optional_inner_norms = true},
};

}  // namespace

std::span<const Architecture> QwenArchitectures() { return kArchitectures; }

}  // namespace sterna::model
