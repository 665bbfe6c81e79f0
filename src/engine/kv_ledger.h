// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <mutex>

#include "model/kv_blocks.h"

namespace sterna::engine {

// The engine's KV blocks, shared by sessions on any thread. Thread-safe; a table itself has one owner at a time.
class KvLedger {
 public:
  explicit KvLedger(uint32_t block_count) : block_count_(block_count), pool_(block_count) {}

  Status Reserve(model::KvTable& table, uint32_t tokens) {
    if (table.blocks().size() * model::kTokensPerBlock >= tokens) return {};
    const std::lock_guard lock(mutex_);
    Status status = table.Reserve(tokens, pool_);
    touched_blocks_ = std::max(touched_blocks_, block_count_ - pool_.free_blocks());
    return status;
  }
  void Truncate(model::KvTable& table, uint32_t tokens) {
    const std::lock_guard lock(mutex_);
    table.Truncate(tokens, pool_);
  }
  // give_back(block) for each block that nobody holds; none is taken meanwhile.
  template <class GiveBack>
  void ForEachFree(GiveBack&& give_back) {
    const std::lock_guard lock(mutex_);
    for (const uint32_t block : pool_.free()) give_back(block);
    touched_blocks_ = block_count_ - pool_.free_blocks();
  }
  uint32_t block_count() const { return block_count_; }
  // The most blocks that were in use at once, since ForEachFree: others have no memory of the system's.
  uint32_t touched_blocks() const {
    const std::lock_guard lock(mutex_);
    return touched_blocks_;
  }
  uint32_t free_blocks() const {
    const std::lock_guard lock(mutex_);
    return pool_.free_blocks();
  }

 private:
  const uint32_t block_count_;
  mutable std::mutex mutex_;
  model::KvBlockPool pool_;
  uint32_t touched_blocks_ = 0;
};

}  // namespace sterna::engine
