// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "memory/pool_use.h"
#include "sterna/memory.h"

namespace sterna {
namespace {

TEST(MemoryAligned, LiesAtAMultipleOfItsAlignmentAndHoldsZeros) {
  for (size_t alignment = 16; alignment <= 4096; alignment *= 2) {
    auto buffer = MemoryAligned::create(1000, alignment);
    ASSERT_TRUE(buffer.ok());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->bytes().data()) % alignment, 0u);
    EXPECT_EQ(buffer->bytes().size(), 1000u);
    EXPECT_EQ(std::count(buffer->bytes().begin(), buffer->bytes().end(), std::byte{0}), 1000);
  }
}

TEST(MemoryAligned, RefusesAnAlignmentThatIsNoPowerOfTwo) {
  for (const size_t alignment : {size_t{0}, size_t{3}, size_t{48}, size_t{1} << 40}) {
    EXPECT_EQ(MemoryAligned::create(64, alignment).status().code(), StatusCode::kInvalidArgument) << alignment;
  }
}

TEST(MemoryAligned, RefusesMoreThanThereIs) {
  EXPECT_EQ(MemoryAligned::create(SIZE_MAX / 2, 64).status().code(), StatusCode::kResourceExhausted);
}

TEST(MemoryAligned, IsCountedWhileItLives) {
  const uint64_t before = MemoryAligned::held_bytes();
  {
    auto buffer = *MemoryAligned::create(5000, 64);
    EXPECT_EQ(MemoryAligned::held_bytes(), before + 5000);
    MemoryAligned moved = std::move(buffer);
    EXPECT_EQ(MemoryAligned::held_bytes(), before + 5000);
    moved = *MemoryAligned::create(100, 64);
    EXPECT_EQ(MemoryAligned::held_bytes(), before + 100);
  }
  EXPECT_EQ(MemoryAligned::held_bytes(), before);
  EXPECT_GE(MemoryAligned::peak_bytes(), before + 5000);
}

TEST(PoolUse, TellsHowWellPoolsAreUsed) {
  memory::PoolUse use{.reserved_bytes = 100, .used_bytes = 60, .free_bytes = 40, .largest_free_bytes = 30};
  EXPECT_DOUBLE_EQ(use.Efficiency(), 0.6);
  EXPECT_DOUBLE_EQ(use.Fragmentation(), 0.25);
  use.Add({.reserved_bytes = 100, .used_bytes = 40, .free_bytes = 60, .largest_free_bytes = 60});
  EXPECT_DOUBLE_EQ(use.Efficiency(), 0.5);
  EXPECT_DOUBLE_EQ(use.Fragmentation(), 0.4);
  EXPECT_EQ(memory::PoolUse().Fragmentation(), 0);
}

}  // namespace
}  // namespace sterna
