// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/architecture.h"
#include "model/config_keys.h"
#include "model/model_config.h"
#include "sterna/status.h"

namespace sterna::model {

// Which activation the feed-forward part has, and why. No common key says it, so, in this order: the user's flag, the
// key <architecture>.hidden_activation, the architecture, a known shape; InvalidArgument asking for the flag otherwise.
// `config` must hold the shape already.
Result<ActivationChoice> DecideActivation(const Architecture& architecture, const ConfigKeys& keys,
                                          const ModelConfig& config, std::string_view tokenizer_model,
                                          ModelOptions::FfnActivation flag);

// "relu2", "silu", "gelu"
std::string_view ActivationName(backend::Activation kind);

// nullopt for a name that no configuration gives to one of these: "relu2", "silu", "gelu_pytorch_tanh" and their like.
std::optional<backend::Activation> ActivationByName(std::string_view name);

// The ending of the key that names a file's activation, and what it holds.
inline constexpr std::string_view kActivationKey = "hidden_activation";
std::string_view StoredActivationName(backend::Activation kind);

}  // namespace sterna::model
