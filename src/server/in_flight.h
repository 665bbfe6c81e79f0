// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace sterna::server {

// How many requests hold on to something, so that its end can wait for theirs. Thread-safe.
class InFlight {
 public:
  // Counts as long as it lives.
  class Token {
   public:
    explicit Token(InFlight& owner) : owner_(&owner) {
      const std::lock_guard lock(owner.mutex_);
      ++owner.count_;
    }
    ~Token() {
      const std::lock_guard lock(owner_->mutex_);
      if (--owner_->count_ == 0) owner_->none_.notify_all();
    }
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;

   private:
    InFlight* owner_;
  };

  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  uint64_t count_ = 0;  // guarded by mutex_
};

}  // namespace sterna::server
