// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <vector>

#include "memory/free_ranges.h"
#include "memory/kept_blocks.h"
#include "memory/pool_use.h"
#include "platform/aligned_buffer.h"
#include "sterna/status.h"

namespace sterna::memory {

// How a pool takes memory from the system when it has no room: as much again as it has, whole chunks as far as
// the request needs, or nothing beyond what it had at first.
enum class PoolGrowth : uint8_t { kDoubling, kByNeed, kNever };
// Which freed blocks are kept for requests of their size: those of sizes that were asked for before, those of given
// sizes (smaller requests get a whole one), or none: then the best fitting free stretch serves each request.
enum class PoolStrategy : uint8_t { kLearned, kGivenSizes, kBestFit };

struct PoolConfig {
  uint64_t initial_bytes = 0;        // taken when the pool is made
  bool commit_initial = false;       // and touched, so that the system has given it
  uint64_t max_bytes = UINT64_MAX;   // of all chunks and mappings
  uint64_t chunk_bytes = 64u << 20;  // the least that is taken later
  size_t alignment = 64;             // of every block: a power of two, 16..4096
  PoolGrowth growth = PoolGrowth::kDoubling;
  PoolStrategy strategy = PoolStrategy::kLearned;
  bool learning = true;                             // kLearned: sizes that come again are kept from then on
  std::vector<size_t> sizes = {1024, 4096, 16384};  // of kGivenSizes, in bytes
  double reuse_target = 0.9;                        // 0..1, of each kept size
  uint64_t small_bytes = 1024;                      // a smaller request gets the next power of two
  uint64_t large_bytes = UINT64_MAX;                // from here on a block of its own, which goes back when freed
  std::optional<std::chrono::milliseconds> tidy_interval = {};  // of TidyWhenDue; none: never
  bool tracking = false;                                        // remember what is in use
};

// Memory of run-time buffers, for std::pmr containers. allocate throws std::bad_alloc when the pool may not or cannot
// grow; what it has stays usable. Thread-safe.
class BufferPool final : public std::pmr::memory_resource {
 public:
  struct Record {  // of a block in use
    size_t bytes = 0;
    uint64_t order = 0;  // of all requests, from 1
  };
  struct Counters {
    uint64_t requests = 0;
    uint64_t reused = 0;        // served by a block that was kept
    uint64_t chunks_taken = 0;  // from the system, the initial one included
    uint64_t chunks_returned = 0;
  };

  // InvalidArgument for more initial than maximal bytes, ResourceExhausted when the system has no such memory.
  static Result<std::unique_ptr<BufferPool>> Create(const PoolConfig& config);

  PoolUse use() const;
  Counters counters() const;
  std::vector<Record> records() const;  // empty without tracking

  // Kept blocks become free memory, and chunks that are free as a whole go back to the system, the initial one
  // excepted.
  void Tidy();
  // The same once in tidy_interval.
  void TidyWhenDue(std::chrono::steady_clock::time_point now);

 private:
  explicit BufferPool(const PoolConfig& config);

  void* do_allocate(size_t bytes, size_t alignment) override;
  void do_deallocate(void* block, size_t bytes, size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  size_t BlockBytes(size_t bytes) const;
  void LearnSize(size_t block_bytes);
  std::byte* TakeBlock(size_t block_bytes, size_t alignment);
  bool Grow(size_t block_bytes, size_t alignment);
  bool AddChunk(uint64_t bytes);
  void TidyLocked();

  const PoolConfig config_;
  mutable std::mutex mutex_;  // guards all below
  std::vector<AlignedBuffer> chunks_;
  std::map<const void*, AlignedBuffer> own_mappings_;  // of large blocks
  FreeRanges free_;
  KeptBlocks kept_;
  std::map<size_t, uint32_t> asked_;  // how often for each size, until it is kept
  std::map<const void*, Record> records_;
  uint64_t reserved_bytes_ = 0, used_bytes_ = 0;
  Counters counters_;
  std::chrono::steady_clock::time_point tidied_;
};

}  // namespace sterna::memory
