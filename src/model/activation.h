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

}  // namespace sterna::model
