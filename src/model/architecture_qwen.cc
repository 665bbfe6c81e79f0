// SPDX-License-Identifier: Apache-2.0
//
// Qwen 3 (Qwen3 Technical Report, arXiv 2505.09388): norms of each query and key. The b1.58 embedding models of this
// family have a norm in every linear layer.
#include "model/architecture_qwen.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

constexpr LayerTensorNames kNames = WithHeadAndInnerNorms({});

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
