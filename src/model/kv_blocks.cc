// SPDX-License-Identifier: Apache-2.0
#include "model/kv_blocks.h"

#include <string>

#include "base/check.h"
#include "base/checked_math.h"

namespace sterna::model {

KvBlockPool::KvBlockPool(uint32_t block_count) : holders_(block_count), block_count_(block_count) {
  free_.reserve(block_count);
  for (uint32_t block = block_count; block > 0; --block) free_.push_back(block - 1);  // block 0 is taken first
}

uint32_t KvBlockPool::free_blocks() const { return uint32_t(free_.size()); }

uint32_t KvBlockPool::block_count() const { return block_count_; }

Result<uint32_t> KvBlockPool::Take() {
  if (free_.empty()) {
    return Status::ResourceExhausted("all " + std::to_string(block_count_) + " KV blocks of " +
                                     std::to_string(kTokensPerBlock) + " tokens are in use");
  }
  const uint32_t block = free_.back();
  free_.pop_back();
  holders_[block] = 1;
  return block;
}

void KvBlockPool::Return(uint32_t block) {
  STERNA_DCHECK(block < block_count_ && holders_[block] > 0);
  if (--holders_[block] == 0) free_.push_back(block);
}

void KvBlockPool::Share(uint32_t block) {
  STERNA_DCHECK(block < block_count_ && holders_[block] > 0);
  ++holders_[block];
}

KvTable::KvTable(uint32_t max_tokens) { blocks_.reserve(CeilDiv(max_tokens, kTokensPerBlock)); }

Status KvTable::Reserve(uint32_t tokens, KvBlockPool& pool) {
  const size_t wanted = CeilDiv<size_t>(tokens, kTokensPerBlock);
  if (wanted > blocks_.size() && wanted - blocks_.size() > pool.free_blocks()) {
    return Status::ResourceExhausted("a sequence of " + std::to_string(tokens) + " tokens needs " +
                                     std::to_string(wanted - blocks_.size()) + " more KV blocks, and " +
                                     std::to_string(pool.free_blocks()) + " of " + std::to_string(pool.block_count()) +
                                     " are free");
  }
  while (blocks_.size() < wanted) {
    const Result<uint32_t> block = pool.Take();
    if (!block.ok()) return block.status();
    blocks_.push_back(*block);
  }
  return {};
}

void KvTable::Adopt(std::span<const uint32_t> blocks, KvBlockPool& pool) {
  STERNA_DCHECK(blocks_.empty());
  for (const uint32_t block : blocks) {
    pool.Share(block);
    blocks_.push_back(block);
  }
}

void KvTable::Truncate(uint32_t tokens, KvBlockPool& pool) {
  const size_t kept = CeilDiv<size_t>(tokens, kTokensPerBlock);
  while (blocks_.size() > kept) {
    pool.Return(blocks_.back());
    blocks_.pop_back();
  }
}

}  // namespace sterna::model
