// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sterna/engine.h"

namespace sterna {

inline const std::string kBuiltInModel = STERNA_MODELS "/sterna-dictionary-i2_s.gguf";

inline Model LoadBuiltIn(const Config& config = {}) {
  return InferenceEngine::with_config(config).value().load_model(kBuiltInModel).value();
}

inline GenerationConfig Greedy(uint32_t max_length = 16) {
  GenerationConfig config;
  config.temperature = 0;
  config.max_length = max_length;
  return config;
}

}  // namespace sterna
