// SPDX-License-Identifier: Apache-2.0
#include "base/checked_math.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace sterna {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(CheckedMath, AddsUpToTheLargestValueAndNoFurther) {
  EXPECT_EQ(kMax, CheckedAdd<uint64_t>(kMax - 1, 1));
  EXPECT_EQ(std::nullopt, CheckedAdd<uint64_t>(kMax, 1));
}

TEST(CheckedMath, RefusesProductsThatWrapToSmallValues) {
  EXPECT_EQ(kMax, CheckedMul<uint64_t>(kMax, 1));
  EXPECT_EQ(std::nullopt, CheckedMul<uint64_t>(uint64_t{1} << 32, uint64_t{1} << 32));
}

TEST(CheckedMath, RefusesSignedOverflow) {
  EXPECT_EQ(std::nullopt, CheckedAdd<int32_t>(std::numeric_limits<int32_t>::min(), -1));
}

TEST(CheckedMath, RoundsUpToTheUnitAndKeepsMultiples) {
  EXPECT_EQ(64u, CheckedRoundUp<uint64_t>(1, 64));
  EXPECT_EQ(64u, CheckedRoundUp<uint64_t>(64, 64));
  EXPECT_EQ(0u, CheckedRoundUp<uint64_t>(0, 64));
  EXPECT_EQ(std::nullopt, CheckedRoundUp<uint64_t>(kMax, 64));
}

TEST(CheckedMath, DividesUpwards) {
  EXPECT_EQ(3, CeilDiv(9, 4));
  EXPECT_EQ(2, CeilDiv(8, 4));
  EXPECT_EQ(12, RoundUp(9, 4));
}

}  // namespace
}  // namespace sterna
