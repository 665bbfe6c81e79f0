// SPDX-License-Identifier: Apache-2.0
#include "base/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace sterna {
namespace {

// The value of a finite pattern from the definition in IEEE 754, not from shifts of bits.
double F16ByDefinition(uint16_t h) {
  const int exponent = (h >> 10) & 31;
  const int mantissa = h & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}

bool IsNanPattern(uint16_t h) { return (h & 0x7fff) > 0x7c00; }

TEST(Half, ConvertsEveryFinitePatternToItsExactValue) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    if (((h >> 10) & 31) == 31) continue;
    EXPECT_EQ(F16ByDefinition(uint16_t(h)), double(F16ToF32(uint16_t(h)))) << h;
  }
}

TEST(Half, RoundTripsEveryPattern) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const uint16_t back = F32ToF16(F16ToF32(uint16_t(h)));
    if (IsNanPattern(uint16_t(h))) {
      EXPECT_TRUE(IsNanPattern(back)) << h;
    } else {
      EXPECT_EQ(h, back);
    }
  }
}

TEST(Half, RoundsHalfwayValuesToTheEvenNeighbour) {
  for (uint32_t h = 0; h < 0x7bff; ++h) {
    const double halfway = (F16ByDefinition(uint16_t(h)) + F16ByDefinition(uint16_t(h + 1))) / 2;
    const uint16_t even = uint16_t(h % 2 == 0 ? h : h + 1);
    EXPECT_EQ(even, F32ToF16(float(halfway))) << h;
    EXPECT_EQ(h + 1, F32ToF16(std::nextafter(float(halfway), 1e9f))) << h;
    EXPECT_EQ(h, F32ToF16(std::nextafter(float(halfway), 0.0f))) << h;
  }
}

TEST(Half, OverflowsToInfinityFromTheHalfwayPointOn) {
  EXPECT_EQ(0x7bff, F32ToF16(std::nextafter(65520.0f, 0.0f)));
  EXPECT_EQ(0x7c00, F32ToF16(65520.0f));
  EXPECT_EQ(0xfc00, F32ToF16(-std::numeric_limits<float>::infinity()));
}

TEST(Half, KeepsNanAndItsSign) {
  const float nan = std::bit_cast<float>(0xff800001u);
  EXPECT_TRUE(IsNanPattern(F32ToF16(nan)));
  EXPECT_EQ(0x8000, F32ToF16(nan) & 0x8000);
  EXPECT_TRUE(std::isnan(BF16ToF32(F32ToBF16(nan))));
}

TEST(Half, RoundTripsEveryBfloat16Pattern) {
  for (uint32_t b = 0; b < 0x10000; ++b) {
    if ((b & 0x7fff) > 0x7f80) continue;
    EXPECT_EQ(b, F32ToBF16(BF16ToF32(uint16_t(b))));
  }
}

TEST(Half, RoundsBfloat16HalfwayValuesToTheEvenNeighbour) {
  EXPECT_EQ(0x3f80, F32ToBF16(std::bit_cast<float>(0x3f808000u)));
  EXPECT_EQ(0x3f82, F32ToBF16(std::bit_cast<float>(0x3f818000u)));
  EXPECT_EQ(0x3f81, F32ToBF16(std::bit_cast<float>(0x3f808001u)));
  EXPECT_EQ(0x7f80, F32ToBF16(std::numeric_limits<float>::max()));
}

}  // namespace
}  // namespace sterna
