// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <vector>

#include "engine/constrained_draw.h"
#include "engine/engine.h"
#include "engine/prompt_lookup.h"
#include "memory/buffer_pool.h"
#include "model/kv_blocks.h"
#include "sample/sampler.h"

namespace sterna::engine {

using Clock = std::chrono::steady_clock;
struct ScheduledRequest;

// A session's tokens, keys and values, and the request in flight. Belongs to the session's caller while idle and to the
// step loop between Submit and `done`; the loop's mutex hands it over.
struct Sequence {
  // Throws std::bad_alloc where `buffers` has no room for BytesFor(...).
  Sequence(uint32_t context, size_t vocabulary_size, std::pmr::memory_resource* buffers);
  static uint64_t BytesFor(uint32_t context, size_t vocabulary_size);

  uint32_t PendingRows() const { return uint32_t(tokens.size()) - computed_tokens; }
  bool AtLastRow() const { return PendingRows() == 1; }
  bool PrefillDone() const { return computed_tokens >= prompt_end; }

  const uint32_t context_tokens;
  std::pmr::vector<text::TokenId> tokens;  // at most context_tokens
  uint32_t computed_tokens = 0;            // keys and values are stored for this many
  model::KvTable kv;
  sample::Sampler sampler;
  std::optional<ConstrainedDraw> constrained;
  PromptLookup speculation;  // its guess follows tokens, and is not part of them

  const GenerateRequest* request = nullptr;
  const ScheduledRequest* scheduled = nullptr;  // of a request without a session
  uint32_t prompt_begin = 0;                    // position of the request's first prompt token
  uint32_t prompt_end = 0;
  GenerateResult result;
  Status status;
  Clock::time_point submitted, first_token, last_token;
  bool finished = false;   // the loop's own mark until it tells the caller
  bool preempted = false;  // gave its blocks away and waits

  bool done = false;  // guarded by the loop's mutex
  std::condition_variable done_changed;
};

// What to say where there is no memory for another one.
std::string NoRoomForSequence(const memory::BufferPool& buffers);

}  // namespace sterna::engine
