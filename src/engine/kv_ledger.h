// SPDX-License-Identifier: Apache-2.0
#pragma once

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
    return table.Reserve(tokens, pool_);
  }
  void Truncate(model::KvTable& table, uint32_t tokens) {
    const std::lock_guard lock(mutex_);
    table.Truncate(tokens, pool_);
  }
  uint32_t block_count() const { return block_count_; }
  uint32_t free_blocks() const {
    const std::lock_guard lock(mutex_);
    return pool_.free_blocks();
  }

 private:
  const uint32_t block_count_;
  mutable std::mutex mutex_;
  model::KvBlockPool pool_;
};

}  // namespace sterna::engine
