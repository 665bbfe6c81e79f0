// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace sterna::api {

// Sessions for requests that come and go. One that ended keeps its tokens, and a later request that begins with them is
// spared their computation; what it draws stays the same. Thread-safe.
class SessionPool {
 public:
  // `engine` outlives the pool; at least one session.
  SessionPool(engine::Engine& engine, uint32_t max_sessions) : engine_(engine), max_sessions_(max_sessions) {}

  // A session for one request, given back when this is destroyed.
  class Lease {
   public:
    Lease(SessionPool& pool, std::unique_ptr<engine::Session> session) : pool_(&pool), session_(std::move(session)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (session_) pool_->GiveBack(std::move(session_));
    }
    engine::Session& session() { return *session_; }

   private:
    SessionPool* pool_;
    std::unique_ptr<engine::Session> session_;
  };

  // Waits while all sessions are taken. The session holds the first tokens of `prompt` and no others, and not all of
  // it; the request's prompt is the rest.
  Result<Lease> Take(std::span<const text::TokenId> prompt);
  // Forgets what idle sessions hold.
  void Clear();
  // Tokens that requests found computed, since the pool was made.
  uint64_t reused_tokens() const;

 private:
  Result<std::unique_ptr<engine::Session>> TakeSession(std::span<const text::TokenId> prompt);
  void GiveBack(std::unique_ptr<engine::Session> session);

  engine::Engine& engine_;
  const uint32_t max_sessions_;
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<engine::Session>> idle_;  // the last one was used last
  uint32_t taken_ = 0;
  uint64_t reused_tokens_ = 0;
};

}  // namespace sterna::api
