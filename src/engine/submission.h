// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/engine.h"

namespace sterna::engine {

// A request of its own, without a session and without a thread that waits for it (Engine::Submit).
struct Submission {
  GenerateRequest generate = {};
  int32_t priority = 0;  // higher ones start first
  // Whose it is. Of the same priority, those start first whose client has fewer requests running, so that nobody gets
  // ahead by asking more often.
  std::string client = {};
  // When it is over, waiting or running: it ends with Cancelled, and the message says so.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  // Called once, on the step loop's thread and quickly, after the last of the request's other callbacks.
  std::function<void(Result<GenerateResult>)> on_done = {};
};

// What is submitted now.
struct QueueState {
  uint32_t waiting = 0;  // those preempted among them
  uint32_t running = 0;
  uint64_t preempted_total = 0;  // times that a running request gave its KV blocks to older ones
  uint32_t kv_blocks_used = 0;
  uint32_t kv_blocks_total = 0;
  uint32_t kv_blocks_remembered = 0;  // hold what requests to come may begin with; free for whoever needs them
};

}  // namespace sterna::engine
