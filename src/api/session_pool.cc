// SPDX-License-Identifier: Apache-2.0
#include "api/session_pool.h"

#include <algorithm>

#include "base/status_macros.h"

namespace sterna::api {
namespace {

// A request computes at least its last token: its logits are asked for.
size_t CommonLength(const engine::Session& session, std::span<const text::TokenId> prompt) {
  const std::span<const text::TokenId> held = session.tokens();
  const size_t most = std::min(held.size(), prompt.empty() ? 0 : prompt.size() - 1);
  return size_t(std::mismatch(held.begin(), held.begin() + ptrdiff_t(most), prompt.begin()).first - held.begin());
}

}  // namespace

Result<SessionPool::Lease> SessionPool::Take(std::span<const text::TokenId> prompt) {
  STERNA_ASSIGN_OR_RETURN(std::unique_ptr<engine::Session> session, TakeSession(prompt));
  session->Truncate(CommonLength(*session, prompt));
  return Lease(*this, std::move(session));
}

Result<std::unique_ptr<engine::Session>> SessionPool::TakeSession(std::span<const text::TokenId> prompt) {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [&] { return taken_ < max_sessions_; });
  ++taken_;
  const auto best = std::max_element(idle_.begin(), idle_.end(), [&](const auto& a, const auto& b) {
    return CommonLength(*a, prompt) < CommonLength(*b, prompt);
  });
  const size_t common = best == idle_.end() ? 0 : CommonLength(**best, prompt);
  reused_tokens_ += common;
  // A session that shares nothing is worth more to the request it belongs to, as long as there may be another.
  if (best != idle_.end() && (common > 0 || taken_ + idle_.size() > max_sessions_)) {
    const auto chosen = common > 0 ? best : idle_.begin();
    std::unique_ptr<engine::Session> session = std::move(*chosen);
    idle_.erase(chosen);
    return session;
  }
  lock.unlock();
  auto session = engine_.NewSession();
  if (!session.ok()) {
    lock.lock();
    --taken_;
    given_back_.notify_one();
  }
  return session;
}

void SessionPool::GiveBack(std::unique_ptr<engine::Session> session) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(session));
  --taken_;
  given_back_.notify_one();
}

void SessionPool::Clear() {
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

uint64_t SessionPool::reused_tokens() const {
  const std::lock_guard lock(mutex_);
  return reused_tokens_;
}

}  // namespace sterna::api
