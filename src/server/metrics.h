// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "engine/engine.h"
#include "engine/submission.h"

namespace sterna::server {

// What the server did since it began. Thread-safe.
class Metrics {
 public:
  void CountReply(int status);
  void CountAnswer(const engine::Timings& timings);
  void CountAbandoned();  // by a client that went away

  // Prometheus text: the names of llama-server, and more of Sterna's own.
  std::string Text(const engine::Engine& engine, uint32_t connections) const;

 private:
  mutable std::mutex mutex_;  // guards all below
  std::map<int, uint64_t> replies_;
  uint64_t answers_ = 0, abandoned_ = 0;
  uint64_t prompt_tokens_ = 0, cached_tokens_ = 0, generated_tokens_ = 0, largest_tokens_ = 0;
  double prefill_ms_ = 0, decode_ms_ = 0, queue_ms_ = 0, first_token_ms_ = 0;
};

}  // namespace sterna::server
