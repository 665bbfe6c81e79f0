// SPDX-License-Identifier: Apache-2.0
//
// The specification's row kernels against their formulas in double.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::kernels {
namespace {

using test::Random;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Quantized {
  explicit Quantized(const std::vector<float>& x, float largest = 0) : q((x.size() + 127) / 128 * 128, int8_t{99}) {
    beyond = kScalarTable.quantize_row(x.data(), x.size(), largest, q.data(), q.size(), &scale, &sum);
  }
  std::vector<int8_t> q;
  float scale = 0;
  int32_t sum = 0;
  bool beyond = false;
};

TEST(ScalarQuantizeRow, RoundsTiesToEven) {
  const Quantized r({127.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f});
  EXPECT_EQ(1.0f, r.scale);
  const std::vector<int8_t> expected = {127, 0, 2, 2, 0, -2, -2};
  EXPECT_EQ(expected, std::vector<int8_t>(r.q.begin(), r.q.begin() + 7));
  EXPECT_EQ(127, r.sum);
}

TEST(ScalarQuantizeRow, FillsTheStrideWithZeros) {
  const Quantized r({1.0f, 1.0f, 1.0f});
  for (size_t i = 3; i < r.q.size(); ++i) EXPECT_EQ(0, r.q[i]);
}

TEST(ScalarQuantizeRow, UsesTheFloorForARowOfZeros) {
  const Quantized r({0.0f, 0.0f});
  EXPECT_EQ(127.0f / 1e-5f, r.scale);
  EXPECT_EQ(0, r.sum);
}

TEST(ScalarQuantizeRow, TreatsNanAsZeroAndLeavesItOutOfTheMaximum) {
  const Quantized r({kNan, 2.0f, kNan, -1.0f});
  EXPECT_EQ(127.0f / 2.0f, r.scale);
  const std::vector<int8_t> expected = {0, 127, 0, -64};
  EXPECT_EQ(expected, std::vector<int8_t>(r.q.begin(), r.q.begin() + 4));
}

TEST(ScalarQuantizeRow, GivesZerosWhenTheMaximumIsInfinite) {
  const Quantized r({kInfinity, 2.0f, -kInfinity});
  EXPECT_EQ(0.0f, r.scale);
  for (const int8_t q : r.q) EXPECT_EQ(0, q);
}

TEST(ScalarQuantizeRow, ClampsWhatLiesBeyondAGivenMagnitude) {
  const Quantized r({4.0f, -4.0f, 1.0f, kNan, kInfinity, -0.5f}, 2.0f);
  EXPECT_EQ(127.0f / 2.0f, r.scale);
  const std::vector<int8_t> expected = {127, -128, 64, 0, 127, -32};
  EXPECT_EQ(expected, std::vector<int8_t>(r.q.begin(), r.q.begin() + 6));
  EXPECT_EQ(127 - 128 + 64 + 127 - 32, r.sum);
  EXPECT_TRUE(r.beyond);
}

TEST(ScalarQuantizeRow, IsNotBeyondWhereAllFits) {
  EXPECT_FALSE(Quantized({2.0f, -2.0f}, 2.0f).beyond);
  EXPECT_FALSE(Quantized({2.0f, -7.5f}).beyond);
  EXPECT_TRUE(Quantized({2.0f, -127.5f}, 127.0f).beyond);
}

TEST(ScalarQuantizeRow, ErrsByAtMostHalfAStep) {
  Random random(7);
  std::vector<float> x(1000);
  for (float& value : x) value = random.Uniform() * 3.0f;
  const Quantized r(x);
  int64_t sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    sum += r.q[i];
    EXPECT_NEAR(double(x[i]) * double(r.scale), double(r.q[i]), 0.5 + 127 * 0x1p-24);
  }
  EXPECT_EQ(sum, r.sum);
}

TEST(ScalarRmsNorm, StaysWithinRoundingOfTheFormula) {
  for (const size_t count : {size_t{1}, size_t{15}, size_t{16}, size_t{100}, size_t{6912}}) {
    Random random(count);
    std::vector<float> x(count), gain(count), y(count);
    for (float& value : x) value = random.Uniform() * 5.0f;
    for (float& value : gain) value = random.Uniform();
    kScalarTable.rms_norm(x.data(), gain.data(), count, 1e-5f, y.data());
    double squares = 0;
    for (const float value : x) squares += double(value) * double(value);
    const double r = 1.0 / std::sqrt(squares / double(count) + double(1e-5f));
    // The sum errs by count / 16 + 5 roundings at most, the root halves that; mean, root, quotient and two products
    // add 5.
    const double relative = (double(count / 16 + 5) / 2 + 5) * 0x1p-24;
    for (size_t i = 0; i < count; ++i) {
      const double exact = double(x[i]) * r * double(gain[i]);
      EXPECT_NEAR(exact, double(y[i]), std::fabs(exact) * relative);
    }
  }
}

TEST(ScalarRope, RotatesPairsHalfTheRotaryWidthApart) {
  const float angle = 0.7f;
  const float c = std::cos(angle), s = std::sin(angle);
  std::vector<float> x = {1.0f, 10.0f, 2.0f, 20.0f, 5.0f};  // rotary 4 of 5: pairs (0, 2) and (1, 3)
  const float cosines[] = {c, 1.0f}, sines[] = {s, 0.0f};
  kScalarTable.rope(x.data(), 1, 5, 4, cosines, sines);
  EXPECT_NEAR(1.0 * double(c) - 2.0 * double(s), double(x[0]), 3 * 0x1p-24 * 3);
  EXPECT_NEAR(2.0 * double(c) + 1.0 * double(s), double(x[2]), 3 * 0x1p-24 * 3);
  EXPECT_EQ(10.0f, x[1]);
  EXPECT_EQ(20.0f, x[3]);
  EXPECT_EQ(5.0f, x[4]);
}

TEST(ScalarRelu2Mul, SquaresWhatIsPositiveAndDropsTheRest) {
  std::vector<float> gate = {3.0f, -3.0f, 0.0f, kNan};
  const std::vector<float> up = {2.0f, 2.0f, 2.0f, 2.0f};
  kScalarTable.relu2_mul(gate.data(), up.data(), gate.size());
  EXPECT_EQ((std::vector<float>{18.0f, 0.0f, 0.0f, 0.0f}), gate);
}

TEST(ScalarRelu2Mul, GivesPlusZeroForAClosedGateWhateverTheOtherFactor) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float closed : {-3.0f, 0.0f, -0.0f, -infinity, kNan}) {
    for (const float up : {-2.0f, infinity, -infinity, kNan}) {
      float gate = closed;
      kScalarTable.relu2_mul(&gate, &up, 1);
      EXPECT_EQ(0.0f, gate);
      EXPECT_FALSE(std::signbit(gate));
    }
  }
}

TEST(ScalarSiluMul, StaysWithinRoundingOfTheFormula) {
  for (float x = -90.0f; x < 90.0f; x += 0.37f) {
    float gate = x;
    const float up = 1.7f;
    kScalarTable.silu_mul(&gate, &up, 1);
    const double exact = double(x) / (1.0 + std::exp(-double(x))) * double(up);
    EXPECT_NEAR(exact, double(gate), std::fabs(exact) * 6 * 0x1p-24 + double(std::numeric_limits<float>::min()) * 200);
  }
}

TEST(ScalarGeluMul, StaysWithinRoundingOfTheTanhFormula) {
  for (float x = -12.0f; x < 30.0f; x += 0.37f) {
    float gate = x;
    const float up = 1.7f;
    kScalarTable.gelu_mul(&gate, &up, 1);
    const double g = double(x), root = std::sqrt(2.0 / 3.14159265358979323846);
    const double exact = g / 2 * (1.0 + std::tanh(root * (g + 0.044715 * g * g * g))) * double(up);
    EXPECT_NEAR(exact, double(gate), std::fabs(exact) * 4e-5 + 1e-12) << x;
    if (x > -3.0f) {
      EXPECT_NEAR(exact, double(gate), std::fabs(exact) * 16 * 0x1p-24) << x;
    }
  }
}

TEST(ScalarAdd, Adds) {
  std::vector<float> x = {1.0f, 2.0f};
  const std::vector<float> y = {0.5f, -2.0f};
  kScalarTable.add(x.data(), y.data(), 2);
  EXPECT_EQ((std::vector<float>{1.5f, 0.0f}), x);
}

float Exp(float x) {
  float y = 0;
  kScalarTable.exp(&x, 1, &y);
  return y;
}

TEST(ScalarExp, StaysWithinOnePointOneUnitsInTheLastPlace) {
  double worst = 0;
  for (uint32_t bits = 0; bits < 0x42b17218u; bits += 997) {  // 0 .. 88.72, and the same below zero
    for (const uint32_t sign : {0u, 0x80000000u}) {
      const uint32_t pattern = bits | sign;
      float x;
      std::memcpy(&x, &pattern, sizeof x);
      if (x < -87.33654f) continue;
      const double exact = std::exp(double(x));
      const double unit = std::ldexp(1.0, std::ilogb(exact) - 23);
      worst = std::max(worst, std::fabs(double(Exp(x)) - exact) / unit);
    }
  }
  EXPECT_LT(worst, 1.1);
}

TEST(ScalarExp, IsExactAtZero) {
  EXPECT_EQ(1.0f, Exp(0.0f));
  EXPECT_EQ(1.0f, Exp(-0.0f));
}

TEST(ScalarExp, FlushesWhatWouldBeSubnormalToZero) {
  EXPECT_GE(Exp(-87.33654f), std::numeric_limits<float>::min());
  EXPECT_EQ(0.0f, Exp(std::nextafter(-87.33654f, -100.0f)));
  EXPECT_EQ(0.0f, Exp(-100.0f));
  EXPECT_EQ(0.0f, Exp(-kInfinity));
}

TEST(ScalarExp, OverflowsToInfinity) {
  EXPECT_TRUE(std::isfinite(Exp(88.72283f)));
  EXPECT_EQ(kInfinity, Exp(88.72284f));
  EXPECT_EQ(kInfinity, Exp(std::numeric_limits<float>::max()));
  EXPECT_EQ(kInfinity, Exp(kInfinity));
}

TEST(ScalarExp, KeepsNan) { EXPECT_TRUE(std::isnan(Exp(kNan))); }

}  // namespace
}  // namespace sterna::kernels
