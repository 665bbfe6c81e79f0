// SPDX-License-Identifier: Apache-2.0
//
// How memory behaves under the patterns of a server: many small requests, one large one, and a mix of lengths that come
// and go; and what the mix leaves behind. `fragmentation` is the share of the memory taken that serves no sequence:
// tails of blocks for the pool, holes in the heap for malloc.
#include <benchmark/benchmark.h>

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <vector>

#include "model/kv_blocks.h"
#include "platform/aligned_buffer.h"
#include "platform/memory_usage.h"
#include "require.h"

namespace sterna::bench {
namespace {

constexpr size_t kBlockBytes = 16 * 1024;  // stands for the KV block of a small model
constexpr uint32_t kBlocks = 4096;
constexpr uint32_t kMostTokens = 64 * model::kTokensPerBlock;

uint32_t Scramble(uint32_t i) { return uint32_t((uint64_t{i} + 1) * 0x9e3779b97f4a7c15u >> 32); }

// Lengths in tokens: mostly short, now and then as long as the context.
uint32_t MixedLength(uint32_t i) { return Scramble(i) % 16 == 0 ? kMostTokens : 1 + Scramble(i) % 256; }

constexpr size_t BytesOf(uint32_t tokens) { return size_t{tokens} * kBlockBytes / model::kTokensPerBlock; }

// Each slot of a server's table holds one sequence; a new one replaces the one that has ended.
template <class Sequences>
void ComeAndGo(Sequences& sequences, uint32_t slots, uint32_t requests, uint32_t first) {
  for (uint32_t i = 0; i < requests; ++i) {
    const uint32_t slot = Scramble(first + i) % slots;
    sequences.End(slot);
    sequences.Start(slot, MixedLength(first + i));
  }
}

// Blocks of a pool, memory taken once.
class Pooled {
 public:
  explicit Pooled(uint32_t slots)
      : pool_(kBlocks),
        tables_(slots, model::KvTable(kMostTokens)),
        tokens_(slots),
        memory_(Must(AlignedBuffer::Create(kBlocks * kBlockBytes))) {}
  void Start(uint32_t slot, uint32_t tokens) {
    Require(tables_[slot].Reserve(tokens, pool_).ok(), "the pool has no block left");
    tokens_[slot] = tokens;
    const auto blocks = tables_[slot].blocks();
    for (size_t i = 0; i < blocks.size(); ++i) Write(blocks[i], std::min<uint32_t>(tokens - uint32_t(i) * 64, 64));
  }
  void End(uint32_t slot) {
    tables_[slot].Truncate(0, pool_);
    tokens_[slot] = 0;
  }
  size_t live_bytes() const { return BytesOf(std::accumulate(tokens_.begin(), tokens_.end(), uint32_t{0})); }
  size_t taken_bytes() const { return (kBlocks - pool_.free_blocks()) * kBlockBytes; }
  // Blocks that were ever used stay resident.
  size_t resident_bytes() const { return touched_blocks_ * kBlockBytes; }

 private:
  void Write(uint32_t block, uint32_t tokens) {
    std::byte* at = memory_.data() + block * kBlockBytes;
    for (size_t i = 0; i < BytesOf(tokens); i += 4096) at[i] = std::byte{1};
    touched_blocks_ = std::max<size_t>(touched_blocks_, block + 1);
  }
  model::KvBlockPool pool_;
  std::vector<model::KvTable> tables_;
  std::vector<uint32_t> tokens_;
  AlignedBuffer memory_;
  size_t touched_blocks_ = 0;
};

// One malloc per sequence, as long as the sequence.
class Malloced {
 public:
  explicit Malloced(uint32_t slots) : memory_(slots), bytes_(slots) {}
  ~Malloced() {
    for (std::byte* one : memory_) std::free(one);
  }
  Malloced(const Malloced&) = delete;
  Malloced& operator=(const Malloced&) = delete;
  void Start(uint32_t slot, uint32_t tokens) {
    bytes_[slot] = BytesOf(tokens);
    memory_[slot] = static_cast<std::byte*>(std::malloc(bytes_[slot]));
    Require(memory_[slot] != nullptr, "malloc gave nothing");
    for (size_t at = 0; at < bytes_[slot]; at += 4096) memory_[slot][at] = std::byte{1};
  }
  void End(uint32_t slot) {
    std::free(memory_[slot]);
    memory_[slot] = nullptr, bytes_[slot] = 0;
  }
  size_t live_bytes() const { return std::accumulate(bytes_.begin(), bytes_.end(), size_t{0}); }

 private:
  std::vector<std::byte*> memory_;
  std::vector<size_t> bytes_;
};

constexpr uint32_t kSlots = 48;
constexpr uint32_t kRequests = 2000;

void MixedPool(benchmark::State& state) {
  Pooled sequences(kSlots);
  ComeAndGo(sequences, kSlots, kRequests, 0);
  Require(sequences.live_bytes() > 0 && sequences.live_bytes() <= sequences.taken_bytes(), "blocks are shared");
  uint32_t first = kRequests;
  for (auto _ : state) ComeAndGo(sequences, kSlots, 100, first += 100);
  state.counters["fragmentation"] = 1.0 - double(sequences.live_bytes()) / double(sequences.taken_bytes());
  for (uint32_t slot = 0; slot < kSlots; ++slot) sequences.End(slot);
  Require(sequences.taken_bytes() == 0, "blocks are lost");
  state.SetItemsProcessed(int64_t(state.iterations()) * 100);
}
BENCHMARK(MixedPool)->Name("mixed/pool");

void MixedMalloc(benchmark::State& state) {
  malloc_trim(0);
  const size_t before = mallinfo2().fordblks;
  Malloced sequences(kSlots);
  ComeAndGo(sequences, kSlots, kRequests, 0);
  Require(sequences.live_bytes() > 0, "nothing is held");
  uint32_t first = kRequests;
  for (auto _ : state) ComeAndGo(sequences, kSlots, 100, first += 100);
  const size_t free_inside = mallinfo2().fordblks - std::min<size_t>(before, mallinfo2().fordblks);
  state.counters["fragmentation"] = double(free_inside) / double(free_inside + sequences.live_bytes());
  state.SetItemsProcessed(int64_t(state.iterations()) * 100);
}
BENCHMARK(MixedMalloc)->Name("mixed/malloc");

void SmallFrequentPool(benchmark::State& state) {
  Pooled sequences(kSlots);
  for (auto _ : state) {
    for (uint32_t slot = 0; slot < kSlots; ++slot) sequences.Start(slot, 64);
    for (uint32_t slot = 0; slot < kSlots; ++slot) sequences.End(slot);
  }
  Require(sequences.resident_bytes() == kSlots * kBlockBytes, "the pool did not hand out the same blocks again");
  state.SetItemsProcessed(int64_t(state.iterations()) * kSlots);
}
BENCHMARK(SmallFrequentPool)->Name("small_frequent/pool");

void SmallFrequentMalloc(benchmark::State& state) {
  Malloced sequences(kSlots);
  for (auto _ : state) {
    for (uint32_t slot = 0; slot < kSlots; ++slot) sequences.Start(slot, 64);
    for (uint32_t slot = 0; slot < kSlots; ++slot) sequences.End(slot);
  }
  Require(sequences.live_bytes() == 0, "memory is left");
  state.SetItemsProcessed(int64_t(state.iterations()) * kSlots);
}
BENCHMARK(SmallFrequentMalloc)->Name("small_frequent/malloc");

void LargeSinglePool(benchmark::State& state) {
  Pooled sequences(1);
  for (auto _ : state) {
    sequences.Start(0, kMostTokens);
    sequences.End(0);
  }
  Require(sequences.resident_bytes() == kMostTokens / model::kTokensPerBlock * kBlockBytes, "other blocks than before");
  state.SetItemsProcessed(int64_t(state.iterations()));
}
BENCHMARK(LargeSinglePool)->Name("large_single/pool");

void LargeSingleMalloc(benchmark::State& state) {
  Malloced sequences(1);
  for (auto _ : state) {
    sequences.Start(0, kMostTokens);
    sequences.End(0);
  }
  Require(sequences.live_bytes() == 0, "memory is left");
  state.SetItemsProcessed(int64_t(state.iterations()));
}
BENCHMARK(LargeSingleMalloc)->Name("large_single/malloc");

}  // namespace
}  // namespace sterna::bench

BENCHMARK_MAIN();
