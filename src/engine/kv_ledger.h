// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <mutex>
#include <span>

#include "base/checked_math.h"
#include "engine/prefix_cache.h"
#include "model/kv_blocks.h"

namespace sterna::engine {

// The engine's KV blocks, shared by sessions on any thread, and those kept for requests that begin like earlier ones.
// Thread-safe; a table itself has one owner at a time.
class KvLedger {
 public:
  // Of the blocks, `max_remembered` at most are kept for requests to come.
  KvLedger(uint32_t block_count, uint32_t max_remembered)
      : block_count_(block_count), pool_(block_count), prefixes_(pool_, max_remembered) {}

  Status Reserve(model::KvTable& table, uint32_t tokens) {
    const uint32_t held = uint32_t(table.blocks().size());
    const uint32_t wanted = CeilDiv(tokens, model::kTokensPerBlock);
    if (wanted <= held) return {};
    const std::lock_guard lock(mutex_);
    prefixes_.MakeFree(wanted - held);
    Status status = table.Reserve(tokens, pool_);
    touched_blocks_ = std::max(touched_blocks_, block_count_ - pool_.free_blocks());
    return status;
  }
  void Truncate(model::KvTable& table, uint32_t tokens) {
    const std::lock_guard lock(mutex_);
    table.Truncate(tokens, pool_);
  }
  // Begins an empty table with what is known of `tokens`; how many tokens that is.
  uint32_t Adopt(model::KvTable& table, std::span<const text::TokenId> tokens) {
    const std::lock_guard lock(mutex_);
    table.Adopt(prefixes_.Find(tokens), pool_);
    return uint32_t(table.blocks().size()) * model::kTokensPerBlock;
  }
  // Remembers the whole blocks of a table, which hold the keys and values of `tokens`.
  void Remember(const model::KvTable& table, std::span<const text::TokenId> tokens) {
    const std::lock_guard lock(mutex_);
    prefixes_.Add(tokens, table.blocks().first(tokens.size() / model::kTokensPerBlock));
  }
  // Gives up what nobody holds but the memory of earlier requests.
  void Forget() {
    const std::lock_guard lock(mutex_);
    prefixes_.MakeFree(block_count_);
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
  // That are kept for requests to come.
  uint32_t remembered_blocks() const {
    const std::lock_guard lock(mutex_);
    return prefixes_.blocks();
  }
  // Those that nobody needs: what is only remembered counts.
  uint32_t free_blocks() const {
    const std::lock_guard lock(mutex_);
    return pool_.free_blocks() + prefixes_.spare_blocks();
  }

 private:
  const uint32_t block_count_;
  mutable std::mutex mutex_;
  model::KvBlockPool pool_;
  PrefixCache prefixes_;
  uint32_t touched_blocks_ = 0;
};

}  // namespace sterna::engine
