// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

#include "engine/engine.h"
#include "engine/engine_core.h"
#include "engine/sequence.h"

namespace sterna::engine {

struct Session::State {
  explicit State(std::shared_ptr<EngineCore> owner)
      : core(std::move(owner)),
        sequence(core->context_tokens, core->tokenizer->vocabulary_size(), core->buffers.get()) {}

  Status Begin(const GenerateRequest& request);
  void Truncate(size_t count);
  uint64_t KvBlockBytes() const;

  const std::shared_ptr<EngineCore> core;  // a session may outlive its engine
  Sequence sequence;
  std::atomic<bool> busy{false};
};

}  // namespace sterna::engine
