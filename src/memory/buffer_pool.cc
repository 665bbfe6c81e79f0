// SPDX-License-Identifier: Apache-2.0
#include "memory/buffer_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/checked_math.h"

namespace sterna::memory {
namespace {

constexpr uint32_t kAsksToLearn = 2;   // a size that comes again is kept from then on
constexpr size_t kMostLearned = 1024;  // sizes

}  // namespace

Result<std::unique_ptr<BufferPool>> BufferPool::Create(const PoolConfig& config) {
  if (config.initial_bytes > config.max_bytes) {
    return Status::InvalidArgument(fmt::format("a pool of {} B at first and {} B at most is not possible",
                                               config.initial_bytes, config.max_bytes));
  }
  std::unique_ptr<BufferPool> pool(new BufferPool(config));
  if (config.initial_bytes > 0 && !pool->AddChunk(config.initial_bytes)) {
    return Status::ResourceExhausted(fmt::format("the system has no memory for a pool of {} B", config.initial_bytes));
  }
  if (config.initial_bytes > 0 && config.commit_initial) {
    std::memset(pool->chunks_.front().data(), 0, pool->chunks_.front().size());
  }
  return pool;
}

BufferPool::BufferPool(const PoolConfig& config)
    : config_(config), kept_(config.reuse_target), tidied_(std::chrono::steady_clock::now()) {
  if (config.strategy != PoolStrategy::kGivenSizes) return;
  for (const size_t bytes : config.sizes) kept_.AddSize(RoundUp(bytes, config.alignment));
}

// The same for a request and for its end: it depends on nothing that changes in between.
size_t BufferPool::BlockBytes(size_t bytes) const {
  const size_t whole = RoundUp(std::max<size_t>(bytes, 1), config_.alignment);
  if (bytes >= config_.large_bytes) return whole;
  if (config_.strategy == PoolStrategy::kGivenSizes) return kept_.SizeFor(whole);
  return bytes < config_.small_bytes ? std::bit_ceil(whole) : whole;
}

void BufferPool::LearnSize(size_t block_bytes) {
  if (config_.strategy != PoolStrategy::kLearned || !config_.learning || kept_.Has(block_bytes)) return;
  if (asked_.size() >= kMostLearned && !asked_.contains(block_bytes)) return;
  if (++asked_[block_bytes] >= kAsksToLearn) kept_.AddSize(block_bytes);
}

void* BufferPool::do_allocate(size_t bytes, size_t alignment) {
  const std::lock_guard lock(mutex_);
  const size_t block_bytes = BlockBytes(bytes);
  ++counters_.requests;
  std::byte* block = nullptr;
  if (bytes >= config_.large_bytes) {
    if (config_.max_bytes - reserved_bytes_ < block_bytes) throw std::bad_alloc();
    Result<AlignedBuffer> own =
        AlignedBuffer::Create(block_bytes, {.alignment_bytes = std::max(alignment, AlignedBuffer::kAlignment)});
    if (!own.ok()) throw std::bad_alloc();
    block = own->data();
    own_mappings_.emplace(block, *std::move(own));
    reserved_bytes_ += block_bytes;
  } else {
    block = TakeBlock(block_bytes, std::max(alignment, config_.alignment));
  }
  used_bytes_ += block_bytes;
  if (config_.tracking) records_[block] = {bytes, counters_.requests};
  return block;
}

std::byte* BufferPool::TakeBlock(size_t block_bytes, size_t alignment) {
  // Kept blocks promise the pool's alignment alone.
  std::byte* block = alignment == config_.alignment ? kept_.Take(block_bytes) : nullptr;
  LearnSize(block_bytes);
  if (block != nullptr) {
    ++counters_.reused;
    return block;
  }
  block = free_.Take(block_bytes, alignment);
  if (block == nullptr && Grow(block_bytes, alignment)) block = free_.Take(block_bytes, alignment);
  if (block == nullptr && kept_.kept_bytes() > 0) {  // kept blocks of other sizes may make room
    kept_.ReleaseAll([this](std::byte* kept, size_t bytes) { free_.Return(kept, bytes); });
    block = free_.Take(block_bytes, alignment);
  }
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

bool BufferPool::Grow(size_t block_bytes, size_t alignment) {
  if (config_.growth == PoolGrowth::kNever) return false;
  const uint64_t needed_bytes = block_bytes + alignment;  // chunks begin at multiples of the pool's alignment
  const uint64_t rest_bytes = config_.max_bytes - reserved_bytes_;
  const uint64_t wanted_bytes = config_.growth == PoolGrowth::kDoubling
                                    ? std::max({needed_bytes, config_.chunk_bytes, reserved_bytes_})
                                    : RoundUp(needed_bytes, std::max<uint64_t>(config_.chunk_bytes, 1));
  const uint64_t bytes = std::min(wanted_bytes, rest_bytes / config_.alignment * config_.alignment);
  return bytes >= block_bytes && (AddChunk(bytes) || (bytes > needed_bytes && AddChunk(needed_bytes)));
}

bool BufferPool::AddChunk(uint64_t bytes) {
  Result<AlignedBuffer> chunk =
      AlignedBuffer::Create(bytes, {.alignment_bytes = std::max(config_.alignment, AlignedBuffer::kAlignment)});
  if (!chunk.ok()) return false;
  free_.AddChunk(chunk->data(), chunk->size());
  chunks_.push_back(*std::move(chunk));
  reserved_bytes_ += bytes;
  ++counters_.chunks_taken;
  return true;
}

void BufferPool::do_deallocate(void* block, size_t bytes, size_t alignment) {
  const std::lock_guard lock(mutex_);
  const size_t block_bytes = BlockBytes(bytes);
  used_bytes_ -= block_bytes;
  records_.erase(block);
  if (bytes >= config_.large_bytes) {
    own_mappings_.erase(block);
    reserved_bytes_ -= block_bytes;
    return;
  }
  auto* const begin = static_cast<std::byte*>(block);
  if (alignment > config_.alignment || !kept_.Keep(begin, block_bytes)) free_.Return(begin, block_bytes);
}

PoolUse BufferPool::use() const {
  const std::lock_guard lock(mutex_);
  return {reserved_bytes_, used_bytes_, free_.free_bytes() + kept_.kept_bytes(),
          std::max(free_.largest_bytes(), kept_.largest_bytes())};
}

BufferPool::Counters BufferPool::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

std::vector<BufferPool::Record> BufferPool::records() const {
  const std::lock_guard lock(mutex_);
  std::vector<Record> all;
  all.reserve(records_.size());
  for (const auto& [block, record] : records_) all.push_back(record);
  return all;
}

void BufferPool::Tidy() {
  const std::lock_guard lock(mutex_);
  TidyLocked();
}

void BufferPool::TidyWhenDue(std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!config_.tidy_interval || now - tidied_ < *config_.tidy_interval) return;
  tidied_ = now;
  TidyLocked();
}

void BufferPool::TidyLocked() {
  kept_.ReleaseAll([this](std::byte* block, size_t bytes) { free_.Return(block, bytes); });
  std::erase_if(chunks_, [this](AlignedBuffer& chunk) {
    const bool initial = config_.initial_bytes > 0 && &chunk == &chunks_.front();
    if (initial || !free_.RemoveChunk(chunk.data(), chunk.size())) return false;
    reserved_bytes_ -= chunk.size();
    ++counters_.chunks_returned;
    return true;
  });
}

}  // namespace sterna::memory
