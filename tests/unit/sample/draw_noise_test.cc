// SPDX-License-Identifier: Apache-2.0
#include "sample/draw_noise.h"

#include <array>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "sample/sampler.h"

namespace sterna::sample {
namespace {

TEST(DrawNoise, StaysInsideTheOpenUnitIntervalAtBothEnds) {
  EXPECT_GT(UniformFromBits(0), 0.0);
  EXPECT_LT(UniformFromBits((uint64_t(1) << 52) - 1), 1.0);
  EXPECT_TRUE(std::isfinite(GumbelFromBits(0)));
  EXPECT_TRUE(std::isfinite(GumbelFromBits((uint64_t(1) << 52) - 1)));
}

// From an implementation of the hash in Python, following docs/sampling.md.
TEST(DrawNoise, HasThePublishedValues) {
  EXPECT_EQ(DrawKey(0, 0, 0), 0x238275bc38fcbe91u);
  EXPECT_EQ(DrawKey(42, 1, 1000), 0xe931e5865c7af218u);
  EXPECT_EQ(DrawNoise(0, 0, 0, 0), 0x1.0983a45556404p-3);
  EXPECT_EQ(DrawNoise(42, 1, 1000, 128009), 0x1.29cac58486b18p-4);
}

TEST(DrawNoise, DependsOnEveryArgument) {
  const std::set<double> draws = {DrawNoise(1, 2, 3, 4), DrawNoise(2, 2, 3, 4), DrawNoise(1, 3, 3, 4),
                                  DrawNoise(1, 2, 4, 4), DrawNoise(1, 2, 3, 5), DrawNoise(2, 1, 3, 4)};
  EXPECT_EQ(draws.size(), 6u);
}

// Chi-square over 64 bins, 63 degrees of freedom: 103.4 is the 0.999 quantile.
TEST(DrawNoise, IsUniformAlongTokensAndAlongPositions) {
  constexpr int kDraws = 64000;
  for (const bool along_tokens : {true, false}) {
    std::array<int, 64> bins{};
    for (int i = 0; i < kDraws; ++i) {
      const double u = along_tokens ? DrawNoise(7, 0, 5, i) : DrawNoise(7, 0, uint64_t(i), 5);
      ++bins[size_t(u * 64.0)];
    }
    double chi_square = 0.0;
    for (const int bin : bins) chi_square += (bin - kDraws / 64.0) * (bin - kDraws / 64.0) / (kDraws / 64.0);
    EXPECT_LT(chi_square, 103.4) << "along tokens: " << along_tokens;
    EXPECT_GT(chi_square, 20.0) << "too even to be random; along tokens: " << along_tokens;
  }
}

TEST(DrawNoise, OfNeighboursIsNotCorrelated) {
  constexpr int kDraws = 100000;
  double sum = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    sum += (DrawNoise(3, 0, uint64_t(i), 10) - 0.5) * (DrawNoise(3, 0, uint64_t(i), 11) - 0.5);
  }
  // Standard deviation of the mean: 1/12/sqrt(n).
  EXPECT_LT(std::abs(sum / kDraws), 4.0 / 12.0 / std::sqrt(double(kDraws)));
}

TEST(DrawNoise, UpperBoundHoldsAndIsNotFarOff) {
  for (uint64_t shift = 0; shift < 52; ++shift) {
    for (const uint64_t bits : {uint64_t(1) << shift, ((uint64_t(1) << 52) - 1) ^ (uint64_t(1) << shift),
                                ((uint64_t(1) << 52) - 1) >> shift, TokenNoiseBits(shift, 1)}) {
      EXPECT_GE(GumbelUpperBound(bits), GumbelFromBits(bits)) << bits;
    }
  }
  const uint64_t largest = (uint64_t(1) << 52) - 1;
  EXPECT_LT(GumbelUpperBound(largest) - GumbelFromBits(largest), 1.0);
}

}  // namespace
}  // namespace sterna::sample
