// SPDX-License-Identifier: Apache-2.0
#include "quant/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "quant/dequantize.h"
#include "support/test_sequences.h"

namespace sterna::quant {
namespace {

using sterna::testing::Lcg;

constexpr size_t kCount = 1024;

std::vector<float> RandomValues(uint32_t seed) {
  Lcg lcg(seed);
  std::vector<float> values(kCount);
  for (float& value : values) value = (float(lcg.Next()) - 32768.0f) / 8192.0f;
  return values;
}

std::vector<float> RoundTrip(TensorType type, const std::vector<float>& values) {
  std::vector<std::byte> stored(*TensorBytes(type, 1, values.size()));
  QuantizeRow(type, values.data(), values.size(), stored.data());
  std::vector<float> back(values.size());
  DequantizeRow(type, stored.data(), back.size(), back.data());
  return back;
}

float LargestMagnitude(const std::vector<float>& values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

// Steps of a block whose largest value is the row's largest.
float Step(TensorType type, float largest) {
  switch (type) {
    case TensorType::kQ8_0: return largest / 127;
    case TensorType::kQ6_K: return largest / 31;
    case TensorType::kQ4_0: return largest / 8;
    case TensorType::kBF16: return largest / 128;
    default: return largest / 1024;
  }
}

class QuantizeRowOf : public ::testing::TestWithParam<TensorType> {};

TEST_P(QuantizeRowOf, StaysWithinOneStep) {
  const auto values = RandomValues(11);
  const auto back = RoundTrip(GetParam(), values);
  const float step = Step(GetParam(), LargestMagnitude(values));
  for (size_t i = 0; i < kCount; ++i) EXPECT_LE(std::fabs(back[i] - values[i]), step * 1.001f) << i;
}

TEST_P(QuantizeRowOf, KeepsSmallGroupsBesideLargeOnes) {
  auto values = RandomValues(12);
  for (size_t i = 0; i < kCount; ++i) values[i] *= i / 32 % 2 == 0 ? 1.0f : 0.0197f;  // 2.5 steps of Q6_K's scales
  const auto back = RoundTrip(GetParam(), values);
  float error = 0, magnitude = 0;
  for (size_t i = 0; i < kCount; ++i) {
    if (i / 32 % 2 == 0) continue;
    error = std::max(error, std::fabs(back[i] - values[i]));
    magnitude = std::max(magnitude, std::fabs(values[i]));
  }
  EXPECT_LE(error, Step(GetParam(), magnitude) * 1.13f);
}

TEST_P(QuantizeRowOf, KeepsZerosExact) {
  auto values = RandomValues(13);
  for (size_t i = 0; i < kCount; i += 3) values[i] = 0;
  const auto back = RoundTrip(GetParam(), values);
  for (size_t i = 0; i < kCount; i += 3) EXPECT_EQ(back[i], 0.0f) << i;
}

TEST_P(QuantizeRowOf, SurvivesValuesTooSmallToDivideBy) {
  const std::vector<float> values(kCount, std::numeric_limits<float>::denorm_min());
  for (const float value : RoundTrip(GetParam(), values)) EXPECT_TRUE(std::isfinite(value));
}

struct Published {
  TensorType type;
  uint32_t crc;
};

// zlib.crc32 of gguf.quants.quantize (gguf 0.19.0) over RandomValues(11).
TEST(QuantizeRow, GivesThePublishedQuantizersBytes) {
  constexpr Published kPublished[] = {{TensorType::kF16, 0x271b599f},
                                      {TensorType::kBF16, 0x65d69ff4},
                                      {TensorType::kQ8_0, 0x02ab8d05},
                                      {TensorType::kQ4_0, 0xf94edc30}};
  const auto values = RandomValues(11);
  for (const auto& [type, crc] : kPublished) {
    std::vector<std::byte> stored(*TensorBytes(type, 1, values.size()));
    QuantizeRow(type, values.data(), values.size(), stored.data());
    EXPECT_EQ(sterna::testing::Crc32(stored), crc) << Info(type).name;
  }
}

TEST(QuantizeRow, GivesTheCodeOfZeroForARowOfZeros) {
  const std::vector<float> zeros(256, 0.0f);
  std::vector<std::byte> q8(272), q4(144);
  QuantizeRow(TensorType::kQ8_0, zeros.data(), 256, q8.data());
  QuantizeRow(TensorType::kQ4_0, zeros.data(), 256, q4.data());
  EXPECT_EQ(q8, std::vector<std::byte>(272));
  for (size_t block = 0; block < 8; ++block) {
    for (size_t i = 2; i < 18; ++i) EXPECT_EQ(q4[18 * block + i], std::byte{0x88});
  }
}

INSTANTIATE_TEST_SUITE_P(Types, QuantizeRowOf,
                         ::testing::Values(TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0,
                                           TensorType::kQ6_K, TensorType::kQ4_0),
                         [](const auto& tested) { return std::string(Info(tested.param).name); });

}  // namespace
}  // namespace sterna::quant
