// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "sample/sampler.h"

namespace sterna::sample {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(LogProbability, OfTwoEqualLogitsIsMinusLogTwo) {
  const std::vector<float> logits = {3.0f, 3.0f};
  EXPECT_NEAR(LogProbability(logits, 0), -std::log(2.0), 1e-15);
}

TEST(LogProbability, OfAllTokensSumsToOne) {
  std::vector<float> logits;
  for (int i = 0; i < 1000; ++i) logits.push_back(float(std::sin(i) * 10.0));
  double sum = 0.0;
  for (int i = 0; i < 1000; ++i) sum += std::exp(LogProbability(logits, i));
  EXPECT_NEAR(sum, 1.0, 1e-12);
}

TEST(LogProbability, DoesNotOverflowForHugeLogits) {
  const std::vector<float> logits = {3e38f, -3e38f, 3e38f};
  EXPECT_NEAR(LogProbability(logits, 2), -std::log(2.0), 1e-15);
  EXPECT_LT(LogProbability(logits, 1), -1e38);
}

TEST(LogProbability, OfBannedAndForeignTokensIsMinusInfinity) {
  const std::vector<float> logits = {1.0f, -kInfinity, std::nanf("")};
  for (const int32_t token : {1, 2, 3, -1}) EXPECT_EQ(LogProbability(logits, token), -kInfinity) << token;
  EXPECT_EQ(LogProbability(logits, 0), 0.0);
  EXPECT_EQ(LogProbability(std::vector<float>{-kInfinity}, 0), -kInfinity);
}

}  // namespace
}  // namespace sterna::sample
