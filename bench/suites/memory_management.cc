// SPDX-License-Identifier: Apache-2.0
//
// The project's own memory beside malloc: buffers in huge pages, the arena that weights lie in, and the pool of KV
// blocks. Every byte is written, since memory that nobody touches costs nothing.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "backend/cpu/weight_arena.h"
#include "model/kv_blocks.h"
#include "platform/aligned_buffer.h"
#include "require.h"

namespace sterna::bench {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Malloced = std::unique_ptr<std::byte, Free>;

Malloced Malloc(size_t size_bytes) {
  Malloced memory(static_cast<std::byte*>(std::malloc(size_bytes)));
  Require(memory != nullptr, "malloc gave nothing");
  return memory;
}

void SetBytes(benchmark::State& state, size_t each) {
  state.SetBytesProcessed(int64_t(state.iterations()) * int64_t(each));
}

void AlignedBufferCreate(benchmark::State& state) {
  const size_t size = size_t(state.range(0));
  const AlignedBuffer checked = Must(AlignedBuffer::Create(size));
  Require(reinterpret_cast<uintptr_t>(checked.data()) % AlignedBuffer::kAlignment == 0, "a buffer is not aligned");
  Require(checked.data()[0] == std::byte{0} && checked.data()[size - 1] == std::byte{0}, "a buffer is not zeroed");
  for (auto _ : state) {
    AlignedBuffer buffer = Must(AlignedBuffer::Create(size));
    std::memset(buffer.data(), 1, size);
    benchmark::DoNotOptimize(buffer.data());
  }
  SetBytes(state, size);
}
BENCHMARK(AlignedBufferCreate)->Name("buffer/AlignedBuffer")->RangeMultiplier(16)->Range(1 << 14, 1 << 26);

void MallocBuffer(benchmark::State& state) {
  const size_t size = size_t(state.range(0));
  for (auto _ : state) {
    const Malloced buffer = Malloc(size);
    std::memset(buffer.get(), 1, size);
    benchmark::DoNotOptimize(buffer.get());
  }
  SetBytes(state, size);
}
BENCHMARK(MallocBuffer)->Name("buffer/malloc")->RangeMultiplier(16)->Range(1 << 14, 1 << 26);

// The matrices of a small model: 7 a layer, 8 layers.
constexpr size_t kMatrices = 56;

void ArenaTake(benchmark::State& state) {
  const size_t size = size_t(state.range(0));
  backend::WeightArena checked;
  std::set<std::byte*> places;
  for (size_t i = 0; i < kMatrices; ++i) places.insert(Must(checked.Take(size)));
  Require(places.size() == kMatrices && checked.taken_bytes() >= kMatrices * size, "the arena gave a place twice");
  for (auto _ : state) {
    backend::WeightArena arena;
    for (size_t i = 0; i < kMatrices; ++i) std::memset(Must(arena.Take(size)), 1, size);
  }
  SetBytes(state, kMatrices * size);
}
BENCHMARK(ArenaTake)->Name("weights/WeightArena")->Arg(1 << 14)->Arg(1 << 18);

void MallocMatrices(benchmark::State& state) {
  const size_t size = size_t(state.range(0));
  for (auto _ : state) {
    std::vector<Malloced> matrices;
    for (size_t i = 0; i < kMatrices; ++i) {
      matrices.push_back(Malloc(size));
      std::memset(matrices.back().get(), 1, size);
    }
    benchmark::DoNotOptimize(matrices.data());
  }
  SetBytes(state, kMatrices * size);
}
BENCHMARK(MallocMatrices)->Name("weights/malloc")->Arg(1 << 14)->Arg(1 << 18);

// A sequence that grows to 4,096 tokens and is forgotten: 64 blocks from a pool, or 64 allocations.
constexpr uint32_t kTokens = 4096;
constexpr size_t kKvBlockBytes = size_t{64} * 2 * 5 * 128 * 2;  // 64 tokens, K and V, 5 heads of 128, f16: one layer

void PoolOfBlocks(benchmark::State& state) {
  model::KvBlockPool pool(kTokens / model::kTokensPerBlock);
  model::KvTable table(kTokens);
  Require(table.Reserve(kTokens, pool).ok() && pool.free_blocks() == 0, "the pool did not give all of its blocks");
  table.Truncate(0, pool);
  Require(pool.free_blocks() == pool.block_count(), "blocks are lost");
  for (auto _ : state) {
    for (uint32_t tokens = model::kTokensPerBlock; tokens <= kTokens; tokens += model::kTokensPerBlock) {
      benchmark::DoNotOptimize(table.Reserve(tokens, pool).ok());
    }
    table.Truncate(0, pool);
  }
  state.SetItemsProcessed(int64_t(state.iterations()) * pool.block_count());
}
BENCHMARK(PoolOfBlocks)->Name("kv_blocks/pool");

void MallocBlocks(benchmark::State& state) {
  const size_t blocks = kTokens / model::kTokensPerBlock;
  for (auto _ : state) {
    std::vector<Malloced> table;
    for (size_t i = 0; i < blocks; ++i) table.push_back(Malloc(kKvBlockBytes));
    benchmark::DoNotOptimize(table.data());
  }
  state.SetItemsProcessed(int64_t(state.iterations() * blocks));
}
BENCHMARK(MallocBlocks)->Name("kv_blocks/malloc");

}  // namespace
}  // namespace sterna::bench

BENCHMARK_MAIN();
