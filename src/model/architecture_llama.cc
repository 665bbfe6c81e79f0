// SPDX-License-Identifier: Apache-2.0
//
// Llama (Touvron et al., arXiv 2302.13971) with grouped queries, as Llama 3 8B 1.58, Falcon 3 1.58, Falcon-E and TriLM
// are. Files have the rows of queries and keys in the order that turns neighbouring dimensions together.
#include "model/architecture_llama.h"

#include "model/model_config.h"

namespace sterna::model {
namespace {

std::optional<ActivationChoice> InferLlamaActivation(const ModelConfig&, std::string_view) {
  return ActivationChoice{backend::Activation::kSilu, "silu: architecture 'llama' has SiLU"};
}

constexpr Architecture kLlamaArchitectures[] = {
    {.name = "llama",
     .infer_activation = InferLlamaActivation,
     .dense_layers = true,
     .rope_order = backend::RopeOrder::kPairs,
     .rope_factors = "rope_freqs.weight"},
};

}  // namespace

std::span<const Architecture> LlamaArchitectures() { return kLlamaArchitectures; }

}  // namespace sterna::model
