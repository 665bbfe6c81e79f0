// SPDX-License-Identifier: Apache-2.0
//
// Qwen 3 (Qwen3 Technical Report, arXiv 2505.09388): norms of each query and key. The b1.58 embedding models of this
// family have a norm in every linear layer.
#include "model/architecture_qwen.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

constexpr LayerTensorNames kQwenNames = WithHeadAndInnerNorms({});

std::optional<ActivationChoice> InferQwenActivation(const ModelConfig&, std::string_view) {
  return ActivationChoice{backend::Activation::kSilu, "silu: architecture 'qwen3' has SiLU"};
}

constexpr Architecture kQwenArchitectures[] = {
    {.name = "qwen3",
     .layer = kQwenNames,
     .infer_activation = InferQwenActivation,
     .dense_layers = true,
     .optional_inner_norms = true},
};

}  // namespace

std::span<const Architecture> QwenArchitectures() { return kQwenArchitectures; }

}  // namespace sterna::model
