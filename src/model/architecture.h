// SPDX-License-Identifier: Apache-2.0
//
// What sets one architecture apart from the next, as data. The forward pass and the loader read these descriptions;
// adding an architecture of this family is one more description (docs/forward-pass.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backend/backend.h"

namespace sterna::model {

struct ModelConfig;

// An activation and the sentence that says why it was chosen.
struct ActivationChoice {
  backend::Activation kind = backend::Activation::kRelu2;
  std::string reason;
};

// Names of a layer's tensors, between "blk.N." and ".weight" (or ".scale").
struct LayerTensorNames {
  std::string_view attn_norm, attn_sub_norm, ffn_norm, ffn_sub_norm;
  std::string_view q, k, v, o, gate, up, down;
};

struct Architecture {
  std::string_view name;  // general.architecture; also the prefix of its metadata keys
  LayerTensorNames layer;
  // The activation when neither a flag nor the file names one; nullopt when the shape does not tell either.
  std::optional<ActivationChoice> (*infer_activation)(const ModelConfig& config, std::string_view tokenizer_model);
};

// Every known architecture.
std::span<const Architecture> Architectures();

// nullptr when unknown.
const Architecture* FindArchitecture(std::string_view name);

}  // namespace sterna::model
