// SPDX-License-Identifier: Apache-2.0
#include "memory/free_ranges.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sterna::memory {
namespace {

struct alignas(4096) Chunk {
  std::byte bytes[64 << 10];
};

TEST(FreeRanges, TakesTheSmallestStretchThatFits) {
  Chunk chunk;
  FreeRanges free;
  free.AddChunk(chunk.bytes, sizeof(chunk.bytes));
  std::byte* const first = free.Take(1000, 8);
  std::byte* const second = free.Take(100, 4);
  std::byte* const third = free.Take(1000, 4);
  EXPECT_EQ(chunk.bytes, first);
  free.Return(second, 100);
  EXPECT_EQ(second, free.Take(96, 4));
  free.Return(first, 1000);
  EXPECT_EQ(first, free.Take(500, 4));
  EXPECT_NE(nullptr, third);
}

TEST(FreeRanges, JoinsNeighboursButNotChunks) {
  Chunk both;
  FreeRanges free;
  constexpr size_t kHalf = sizeof(both.bytes) / 2;
  free.AddChunk(both.bytes, kHalf);
  free.AddChunk(both.bytes + kHalf, kHalf);
  EXPECT_EQ(nullptr, free.Take(kHalf + 1, 1));
  std::byte* const first = free.Take(kHalf, 1);
  std::byte* const second = free.Take(kHalf, 1);
  EXPECT_EQ(0u, free.largest_bytes());
  free.Return(first, kHalf);
  free.Return(second, kHalf);
  EXPECT_EQ(kHalf, free.largest_bytes());
  EXPECT_EQ(2 * kHalf, free.free_bytes());
  EXPECT_TRUE(free.RemoveChunk(both.bytes + kHalf, kHalf));
  std::byte* const part = free.Take(1, 1);
  EXPECT_FALSE(free.RemoveChunk(both.bytes, kHalf));
  free.Return(part, 1);
  EXPECT_TRUE(free.RemoveChunk(both.bytes, kHalf));
  EXPECT_EQ(0u, free.free_bytes());
}

// Every byte belongs to one owner at a time, whatever the order of requests.
TEST(FreeRanges, GivesNoByteTwice) {
  Chunk chunk;
  FreeRanges free;
  free.AddChunk(chunk.bytes, sizeof(chunk.bytes));
  struct Held {
    std::byte* begin;
    size_t bytes;
  };
  std::vector<Held> held;
  std::vector<bool> used(sizeof(chunk.bytes));
  std::mt19937 random(7);
  const auto mark = [&](const Held& block, bool to) {
    for (size_t i = 0; i < block.bytes; ++i) {
      ASSERT_NE(to, used[size_t(block.begin - chunk.bytes) + i]);
      used[size_t(block.begin - chunk.bytes) + i] = to;
    }
  };
  for (int round = 0; round < 5000; ++round) {
    if (held.empty() || random() % 3 != 0) {
      const size_t bytes = 1 + random() % 3000, alignment = size_t{1} << random() % 8;
      std::byte* const begin = free.Take(bytes, alignment);
      if (begin == nullptr) continue;
      ASSERT_EQ(0u, reinterpret_cast<uintptr_t>(begin) % alignment);
      held.push_back({begin, bytes});
      mark(held.back(), true);
    } else {
      std::swap(held[random() % held.size()], held.back());
      mark(held.back(), false);
      free.Return(held.back().begin, held.back().bytes);
      held.pop_back();
    }
  }
  for (const Held& block : held) free.Return(block.begin, block.bytes);
  EXPECT_EQ(sizeof(chunk.bytes), free.largest_bytes());
}

}  // namespace
}  // namespace sterna::memory
