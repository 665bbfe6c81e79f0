// SPDX-License-Identifier: Apache-2.0
#include "convert/ternary_values.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::convert {
namespace {

using quant::TensorType;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kRows = 4, kColumns = 512;

// Rows of codes in a fixed disorder, times scale(row, column).
template <class Scale>
std::vector<float> Numbers(Scale scale, uint64_t columns = kColumns) {
  std::vector<float> numbers(kRows * columns);
  for (uint64_t i = 0; i < numbers.size(); ++i) {
    const int code = int((i * 2654435761u >> 7) % 3) - 1;
    numbers[i] = float(code) * scale(i / columns, i % columns);
  }
  return numbers;
}

Result<TernaryValues> FromNumbers(const std::vector<float>& numbers, NumbersAre kind, Rounding& rounding) {
  const uint64_t columns = numbers.size() / kRows;
  const auto read = [&](uint64_t row, float* out) { std::copy_n(&numbers[row * columns], columns, out); };
  return TernaryFromRows(kRows, columns, kind, read, rounding);
}

// Codes times scales.
std::vector<float> Values(const TernaryValues& values) {
  std::vector<float> numbers(values.codes.size());
  for (uint64_t i = 0; i < numbers.size(); ++i) {
    const float scale = values.scales[values.group_columns == 0 ? 0 : i / values.group_columns];
    numbers[i] = float(int(values.codes[i]) - 1) * scale;
  }
  return numbers;
}

TEST(TernaryFromRows, FindsTheCoarsestScales) {
  const auto group = [](uint64_t columns) {
    return [columns](uint64_t row, uint64_t column) {
      return 0.5f + 0.25f * float(row) + 0.125f * float(column / columns);
    };
  };
  struct Case {
    std::vector<float> numbers;
    uint64_t group_columns;
    size_t scales;
  };
  for (const Case& c :
       {Case{Numbers([](uint64_t, uint64_t) { return 0.75f; }), 0, 1},
        Case{Numbers([](uint64_t row, uint64_t) { return 1.0f + float(row); }), kColumns, 4},
        Case{Numbers(group(256)), 256, 8}, Case{Numbers(group(128)), 128, 16}, Case{Numbers(group(64)), 64, 32}}) {
    Rounding rounding;
    const auto values = FromNumbers(c.numbers, NumbersAre::kFinished, rounding);
    ASSERT_TRUE(values.ok()) << values.status().ToString();
    EXPECT_EQ(values->group_columns, c.group_columns);
    EXPECT_EQ(values->scales.size(), c.scales);
    EXPECT_EQ(Values(*values), c.numbers);
    EXPECT_FALSE(rounding.Happened());
  }
}

TEST(TernaryFromRows, ZerosHaveNoSayInScales) {
  auto numbers = Numbers([](uint64_t, uint64_t) { return 0.75f; });
  std::fill_n(numbers.begin(), kColumns + 64, 0.0f);
  Rounding rounding;
  const auto values = FromNumbers(numbers, NumbersAre::kFinished, rounding);
  ASSERT_TRUE(values.ok());
  EXPECT_THAT(values->scales, ElementsAre(0.75f));
  EXPECT_EQ(Values(*values), numbers);

  const auto zeros = FromNumbers(std::vector<float>(kRows * kColumns), NumbersAre::kFinished, rounding);
  ASSERT_TRUE(zeros.ok());
  EXPECT_THAT(zeros->scales, ElementsAre(0.0f));
}

TEST(TernaryFromRows, RoundsWhatIsNotTernaryByItsMeanMagnitude) {
  // Mean magnitude 0.5: 0.2 becomes 0, 0.8 becomes 1.
  std::vector<float> numbers(kRows * kColumns);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = (i % 2 == 0 ? 0.2f : 0.8f) * (i % 3 == 0 ? -1.0f : 1.0f);
  Rounding rounding;
  const auto values = FromNumbers(numbers, NumbersAre::kFinished, rounding);
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(values->group_columns, 0u);
  EXPECT_NEAR(values->scales[0], 0.5f, 1e-7f);
  EXPECT_EQ(values->codes[0], 1);
  EXPECT_EQ(values->codes[1], 2);
  EXPECT_EQ(values->codes[3], 0);
  EXPECT_EQ(rounding.values, numbers.size());
  EXPECT_EQ(rounding.changed, numbers.size());
  EXPECT_NEAR(rounding.RelativeChange(), std::sqrt((0.04 + 0.09) / (0.04 + 0.64)), 1e-6);
}

// A model that rounds on every call does so with finished weights too, whose scale then is the mean.
TEST(TernaryFromRows, MastersAreRoundedEvenWhereTheyAreTernary) {
  const std::vector<float> numbers = Numbers([](uint64_t, uint64_t) { return 0.75f; });
  double sum = 0;
  for (const float number : numbers) sum += double(std::fabs(number));
  Rounding rounding;
  const auto values = FromNumbers(numbers, NumbersAre::kMasters, rounding);
  ASSERT_TRUE(values.ok());
  EXPECT_NEAR(values->scales[0], sum / double(numbers.size()), 1e-6);
  EXPECT_TRUE(rounding.Happened());
}

TEST(TernaryFromRows, RefusesWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> numbers(kRows * kColumns, 0.5f);
    numbers[2 * kColumns + 7] = bad;
    Rounding rounding;
    const auto values = FromNumbers(numbers, NumbersAre::kFinished, rounding);
    EXPECT_EQ(values.status().code(), StatusCode::kCorrupt);
    EXPECT_THAT(values.status().message(), HasSubstr("row 2, column 7"));
  }
}

// From every type to every other that holds its scales, and back to the same bytes.
TEST(StoreTernary, HoldsScalesAsFineAsTheTypes) {
  const auto pack = [](TensorType type, const TernaryValues& values) {
    return quant::StoreTernary(type, quant::I2sLayout::kX86, values.View());
  };
  struct Case {
    uint64_t columns;  // that share a scale
    std::vector<TensorType> can, cannot;
  };
  const std::vector<TensorType> fine = {TensorType::kQ2_0};
  const std::vector<TensorType> middle = {TensorType::kQ2_0_G128, TensorType::kPQ2_0, TensorType::kPTQ1_0};
  const std::vector<TensorType> coarse = {TensorType::kTQ1_0, TensorType::kTQ2_0};
  const std::vector<TensorType> rows = {TensorType::kIQ1_BN, TensorType::kIQ2_BN, TensorType::kIQ2_BN_R4};
  const std::vector<TensorType> whole = {TensorType::kI2_S};
  const auto joined = [](std::initializer_list<std::vector<TensorType>> lists) {
    std::vector<TensorType> all;
    for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
    return all;
  };
  for (const Case& c : {Case{64, fine, joined({middle, coarse, rows, whole})},
                        Case{128, joined({fine, middle}), joined({coarse, rows, whole})},
                        Case{256, joined({fine, middle, coarse}), joined({rows, whole})},
                        Case{kColumns, joined({fine, middle, coarse, rows}), whole}}) {
    Rounding rounding;
    const auto numbers = Numbers(
        [&](uint64_t row, uint64_t column) { return 0.5f + 0.25f * float(row) + 0.125f * float(column / c.columns); });
    const auto values = FromNumbers(numbers, NumbersAre::kFinished, rounding);
    ASSERT_TRUE(values.ok());
    for (const TensorType type : c.can) {
      const auto stored = pack(type, *values);
      ASSERT_TRUE(stored.ok()) << stored.status().ToString();
      EXPECT_EQ(stored->scale_rounding, 0.0f);
      const auto back = ReadTernary({type, quant::I2sLayout::kX86, kRows, kColumns, stored->bytes}, 1.0f);
      ASSERT_TRUE(back.ok()) << back.status().ToString();
      EXPECT_EQ(Values(*back), numbers) << quant::Info(type).name;
      EXPECT_EQ(pack(type, *back)->bytes, stored->bytes);
    }
    for (const TensorType type : c.cannot) {
      const auto stored = pack(type, *values);
      EXPECT_EQ(stored.status().code(), StatusCode::kInvalidArgument) << quant::Info(type).name;
      EXPECT_THAT(stored.status().message(), HasSubstr("stores one for")) << quant::Info(type).name;
    }
  }
}

TEST(StoreTernary, TellsHowFarFloat16RoundsAScale) {
  const std::vector<uint8_t> codes(256, 2);
  const float scale = 1.0f / 3;
  const auto stored = quant::StoreTernary(TensorType::kTQ2_0, quant::I2sLayout::kX86, {1, 256, codes, {&scale, 1}, 0});
  ASSERT_TRUE(stored.ok());
  EXPECT_NEAR(stored->scale_rounding, 2.4e-4, 0.1e-4);
  const auto exact = quant::StoreTernary(TensorType::kIQ2_BN, quant::I2sLayout::kX86, {1, 256, codes, {&scale, 1}, 0});
  EXPECT_EQ(exact->scale_rounding, 0.0f);
}

}  // namespace
}  // namespace sterna::convert
