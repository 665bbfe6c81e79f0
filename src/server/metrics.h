// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "engine/engine.h"
#include "engine/submission.h"

namespace sterna::server {

// 0 where no time passed.
inline double PerSecond(uint64_t count, double ms) { return ms > 0 ? double(count) * 1000 / ms : 0; }

// What the server did since it began. Thread-safe.
class Metrics {
 public:
  void CountReply(int status);
  void CountToken() { predicted_tokens_.fetch_add(1, std::memory_order_relaxed); }  // of an answer, when it is drawn
  void CountAnswer(const engine::Timings& timings);
  void CountAbandoned();  // by a client that went away

  // Prometheus text: the names of llama-server, and more of Sterna's own.
  std::string Text(const engine::Engine& engine, uint32_t connections) const;

 private:
  std::atomic<uint64_t> predicted_tokens_{0};
  mutable std::mutex mutex_;  // guards all below
  std::map<int, uint64_t> replies_;
  uint64_t answers_ = 0, abandoned_ = 0;
  uint64_t prompt_tokens_ = 0, cached_tokens_ = 0, answered_tokens_ = 0, largest_tokens_ = 0;
  double prefill_ms_ = 0, decode_ms_ = 0, queue_ms_ = 0, first_token_ms_ = 0;
};

}  // namespace sterna::server
