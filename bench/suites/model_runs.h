// SPDX-License-Identifier: Apache-2.0
//
// The built-in model, loaded, and greedy requests to it: what the inference suites share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "require.h"

namespace sterna::bench {

inline std::string BuiltInModel() { return STERNA_MODELS "/sterna-dictionary-i2_s.gguf"; }

inline std::unique_ptr<engine::Engine> LoadBuiltIn(uint32_t sessions, uint32_t threads) {
  engine::EngineOptions options;
  options.max_sessions = sessions;
  options.threads = threads;
  return Must(engine::Engine::Load(BuiltInModel(), options));
}

// Prompt ids spread over the vocabulary; `first` tells prompts apart.
inline std::vector<text::TokenId> SomePrompt(const engine::Engine& engine, size_t count, size_t first = 0) {
  std::vector<text::TokenId> ids;
  for (size_t i = 0; i < count; ++i) {
    ids.push_back(text::TokenId((first + i * 7919 + 13) % engine.config().vocabulary_size));
  }
  return ids;
}

// Forgets the session's first tokens past `keep`, then generates greedily.
inline engine::GenerateResult Generate(engine::Session& session, std::vector<text::TokenId> prompt, uint32_t tokens,
                                       size_t keep = 0) {
  session.Truncate(keep);
  engine::GenerateRequest request;
  request.prompt = std::move(prompt);
  request.sampling.temperature = 0;
  request.max_tokens = tokens;
  request.ignore_end_of_generation = true;
  return Must(session.Generate(request));
}

}  // namespace sterna::bench
