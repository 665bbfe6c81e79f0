// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace sterna::engine {

inline std::string TinyModelPath() { return std::string(STERNA_TEST_DATA) + "/models/b158-tiny.i2_s.gguf"; }

// An engine over a committed tiny model with a real (byte-level BPE) vocabulary. Contexts of 256 tokens, one thread.
inline EngineOptions TinyOptions() {
  EngineOptions options;
  options.threads = 1;
  options.context_tokens = 256;
  return options;
}

inline std::unique_ptr<Engine> LoadTiny(const EngineOptions& options = TinyOptions()) {
  return Engine::Load(TinyModelPath(), options).value();
}

// Greedy, and no token ends it.
inline GenerateRequest GreedyRequest(std::vector<text::TokenId> prompt, uint32_t max_tokens) {
  GenerateRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = max_tokens;
  request.sampling.temperature = 0;
  request.ignore_end_of_generation = true;
  return request;
}

// Tokens 1, 2, ... of the plain part of the vocabulary.
inline std::vector<text::TokenId> PlainPrompt(size_t count, text::TokenId first = 1) {
  std::vector<text::TokenId> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(text::TokenId((size_t(first) + i * 37) % 256));
  return ids;
}

// Makes `token` the one that is drawn.
inline void Force(GenerateRequest& request, text::TokenId token) { request.sampling.logit_bias = {{token, 1e6f}}; }

}  // namespace sterna::engine
