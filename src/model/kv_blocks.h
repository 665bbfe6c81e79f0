// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sterna/status.h"

namespace sterna::model {

constexpr uint32_t kTokensPerBlock = 64;

// Which of the backend's KV blocks are free, and how many hold each of the others. Not thread-safe: belongs to the step
// loop.
class KvBlockPool {
 public:
  explicit KvBlockPool(uint32_t block_count);
  uint32_t free_blocks() const;
  uint32_t block_count() const;
  std::span<const uint32_t> free() const { return free_; }
  // ResourceExhausted when none is left. Who takes a block holds it.
  Result<uint32_t> Take();
  void Share(uint32_t block);   // one holder more of a block that is held
  void Return(uint32_t block);  // one less; free when that was the last
  uint32_t holders(uint32_t block) const { return holders_[block]; }

 private:
  std::vector<uint32_t> free_;
  std::vector<uint32_t> holders_;  // by block; 0 = free
  uint32_t block_count_;
};

// A sequence's table: block i holds positions 64 i .. 64 i + 63.
class KvTable {
 public:
  KvTable() = default;
  // Up to `max_tokens`, Reserve allocates no memory.
  explicit KvTable(uint32_t max_tokens);
  // Makes room for positions below `tokens`; takes blocks from `pool`. On error the table keeps what it had.
  Status Reserve(uint32_t tokens, KvBlockPool& pool);
  // Begins an empty table with blocks that others hold, and holds them too. Their positions must not be written.
  void Adopt(std::span<const uint32_t> blocks, KvBlockPool& pool);
  // Keeps positions below `tokens` and gives the other blocks back.
  void Truncate(uint32_t tokens, KvBlockPool& pool);
  std::span<const uint32_t> blocks() const { return blocks_; }

 private:
  std::vector<uint32_t> blocks_;
};

}  // namespace sterna::model
