// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "engine/engine.h"
#include "engine/engine_core.h"
#include "engine/sequence.h"

namespace sterna::engine {

struct Session::State {
  explicit State(EngineCore& owner) : core(owner), sequence(owner.context_tokens, owner.tokenizer->vocabulary_size()) {}

  Status Check(const GenerateRequest& request) const;
  Status Begin(const GenerateRequest& request);
  void Truncate(size_t count);

  EngineCore& core;
  Sequence sequence;
  std::atomic<bool> busy{false};
};

}  // namespace sterna::engine
