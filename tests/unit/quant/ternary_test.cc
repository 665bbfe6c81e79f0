// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/half.h"
#include "support/test_sequences.h"

namespace sterna::quant {
namespace {

using sterna::testing::LcgBytes;
using sterna::testing::LcgCodes;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr I2sLayout kLayouts[] = {I2sLayout::kX86, I2sLayout::kNeon, I2sLayout::kRows4};

// A packed matrix and the source that views it.
struct Matrix {
  Matrix(TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns, float scale = 0.5f, uint32_t seed = 1)
      : codes(LcgCodes(rows * columns, seed)), bytes(*PackTernary(type, layout, rows, columns, codes, scale)) {
    source = {type, layout, rows, columns, bytes};
  }
  void SetScaleF32(float scale) { std::memcpy(&bytes[bytes.size() - 32], &scale, sizeof scale); }
  void SetBlockScale(size_t block, float scale) {
    const size_t block_bytes = Info(source.type).block_bytes;
    const uint16_t half = F32ToF16(scale);
    std::memcpy(&bytes[(block + 1) * block_bytes - 2], &half, sizeof half);
  }
  std::vector<uint8_t> Row(uint64_t row) const {
    std::vector<uint8_t> unpacked(source.columns);
    UnpackTernaryRow(source, row, unpacked.data());
    return unpacked;
  }
  std::vector<uint8_t> CodesOfRow(uint64_t row) const {
    const auto begin = codes.begin() + ptrdiff_t(row * source.columns);
    return {begin, begin + ptrdiff_t(source.columns)};
  }

  std::vector<uint8_t> codes;
  std::vector<std::byte> bytes;
  TernarySource source;
};

TEST(UnpackTernaryRow, ReadsRowsThatStartInTheMiddleOfABlock) {
  for (const I2sLayout layout : kLayouts) {
    const Matrix matrix(TensorType::kI2_S, layout, 8, 8 * 128 + 64 + 16);  // 8 rows: a multiple of 128 values together
    for (uint64_t row = 0; row < 8; ++row) EXPECT_EQ(matrix.Row(row), matrix.CodesOfRow(row)) << row;
  }
}

TEST(UnpackTernaryRow, ReadsFourRowOrderOfAnyWidth) {
  const Matrix matrix(TensorType::kI2_S, I2sLayout::kRows4, 8, 21);
  for (uint64_t row = 0; row < 8; ++row) EXPECT_EQ(matrix.Row(row), matrix.CodesOfRow(row)) << row;
}

TEST(UnpackTernaryRow, GivesOtherColumnsUnderTheOtherFlatOrder) {
  Matrix matrix(TensorType::kI2_S, I2sLayout::kX86, 1, 128);
  matrix.source.layout = I2sLayout::kNeon;
  const auto under_neon = matrix.Row(0);
  // In byte t, slot s the x86 order holds column 32s + t, the NEON order column 64(t/16) + 16s + t%16.
  for (size_t t = 0; t < 32; ++t) {
    for (size_t s = 0; s < 4; ++s) EXPECT_EQ(under_neon[64 * (t / 16) + 16 * s + t % 16], matrix.codes[32 * s + t]);
  }
}

TEST(UnpackTernaryRow, ReadsStoredThreesAsZeroValue) {
  for (const TensorType type : {TensorType::kI2_S, TensorType::kTQ2_0}) {
    Matrix matrix(type, I2sLayout::kX86, 1, 256);
    std::memset(matrix.bytes.data(), 0xff, 64);
    EXPECT_EQ(matrix.Row(0), std::vector<uint8_t>(256, 1)) << Info(type).name;
  }
}

TEST(UnpackTernaryRow, GivesOnlyCodesForAnyBytes) {
  for (const TensorType type : {TensorType::kI2_S, TensorType::kTQ1_0, TensorType::kTQ2_0}) {
    Matrix matrix(type, I2sLayout::kX86, 4, 512);
    matrix.bytes = LcgBytes(matrix.bytes.size(), 9);
    matrix.source.bytes = matrix.bytes;
    for (uint64_t row = 0; row < 4; ++row) {
      for (const uint8_t code : matrix.Row(row)) ASSERT_LE(code, 2) << Info(type).name;
    }
  }
}

TEST(UnpackTernaryRow, ReadsBlocksOfScaleZeroAsZeros) {
  for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0}) {
    Matrix matrix(type, I2sLayout::kX86, 1, 512);
    matrix.SetBlockScale(0, 0);
    const auto row = matrix.Row(0);
    EXPECT_EQ(std::vector<uint8_t>(row.begin(), row.begin() + 256), std::vector<uint8_t>(256, 1));
    EXPECT_TRUE(std::equal(row.begin() + 256, row.end(), matrix.codes.begin() + 256));
  }
}

TEST(InspectTernary, ReportsTheTensorScale) {
  Matrix matrix(TensorType::kI2_S, I2sLayout::kX86, 4, 256, 1.25f);
  for (const float scale : {1.25f, 0.0f, -1.0f, 1e-40f}) {
    matrix.SetScaleF32(scale);
    const auto scales = InspectTernary(matrix.source);
    ASSERT_TRUE(scales.ok()) << scales.status().ToString();
    EXPECT_TRUE(scales->uniform);
    EXPECT_EQ(scales->scale, scale);
  }
}

TEST(InspectTernary, RefusesScalesThatAreNotFinite) {
  for (const float scale : {kNan, kInfinity, -kInfinity}) {
    Matrix i2s(TensorType::kI2_S, I2sLayout::kX86, 4, 256);
    i2s.SetScaleF32(scale);
    EXPECT_EQ(InspectTernary(i2s.source).status().code(), StatusCode::kCorrupt);
    for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0}) {
      Matrix tq(type, I2sLayout::kX86, 2, 512);
      tq.SetBlockScale(3, scale);
      const Status status = InspectTernary(tq.source).status();
      EXPECT_EQ(status.code(), StatusCode::kCorrupt);
      EXPECT_THAT(status.message(), HasSubstr("row 1, column 256"));
    }
  }
}

TEST(InspectTernary, NamesTheFirstCodeThreeAndTheirNumber) {
  for (const I2sLayout layout : kLayouts) {
    Matrix matrix(TensorType::kI2_S, layout, 4, 256);
    auto codes = matrix.codes;
    codes[2 * 256 + 77] = 3;
    codes[3 * 256 + 200] = 3;
    // Packed by hand: PackTernary takes codes 0..2 only.
    matrix.codes[2 * 256 + 77] = 0;
    matrix.codes[3 * 256 + 200] = 0;
    auto zero = *PackTernary(TensorType::kI2_S, layout, 4, 256, matrix.codes, 1);
    matrix.codes[2 * 256 + 77] = 1;
    matrix.codes[3 * 256 + 200] = 1;
    auto one = *PackTernary(TensorType::kI2_S, layout, 4, 256, matrix.codes, 1);
    for (size_t i = 0; i < zero.size(); ++i) zero[i] |= (one[i] ^ zero[i]) | (one[i] ^ zero[i]) << 1;
    matrix.source.bytes = zero;
    const Status status = InspectTernary(matrix.source).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr("2 of its I2_S codes are 3, first at row 2, column 77"));
  }
}

TEST(InspectTernary, FindsCodeThreeInTheLastByteOfAnOddSize) {
  Matrix matrix(TensorType::kI2_S, I2sLayout::kRows4, 8, 21);  // 42 bytes of codes
  matrix.bytes[41] |= std::byte{3};
  EXPECT_THAT(InspectTernary(matrix.source).status().message(),
              HasSubstr("1 of its I2_S codes are 3, first at row 7, column 20"));
}

TEST(InspectTernary, FindsCodeThreeInTq2) {
  Matrix matrix(TensorType::kTQ2_0, I2sLayout::kX86, 2, 512);
  matrix.bytes[2 * 66 + 32 + 5] |= std::byte{0x30};  // row 1, second half of its first block, third run
  const Status status = InspectTernary(matrix.source).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("row 1, column 197 is 3"));
  EXPECT_THAT(status.message(), HasSubstr("1 such"));
}

TEST(InspectTernary, AcceptsEveryByteOfTq1) {
  Matrix matrix(TensorType::kTQ1_0, I2sLayout::kX86, 8, 256);
  for (size_t i = 0; i < 256; ++i) matrix.bytes[i / 48 * 54 + i % 48] = std::byte(i);
  EXPECT_TRUE(InspectTernary(matrix.source).ok());
}

TEST(InspectTernary, IgnoresTheScaleOfBlocksWithoutValues) {
  for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0}) {
    auto codes = LcgCodes(4 * 256);
    std::fill(codes.begin(), codes.begin() + 512, uint8_t{1});
    auto bytes = *PackTernary(type, I2sLayout::kX86, 4, 256, codes, 0.5f);
    const uint16_t other = F32ToF16(3.0f);
    std::memcpy(&bytes[Info(type).block_bytes - 2], &other, 2);  // the second block keeps scale 0
    const auto scales = InspectTernary({type, I2sLayout::kX86, 4, 256, bytes});
    ASSERT_TRUE(scales.ok());
    EXPECT_TRUE(scales->uniform);
    EXPECT_EQ(scales->scale, 0.5f);
  }
}

TEST(InspectTernary, IgnoresBlocksOfScaleZero) {
  for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0}) {
    Matrix matrix(type, I2sLayout::kX86, 2, 512);
    matrix.SetBlockScale(2, 0);
    const auto scales = InspectTernary(matrix.source);
    ASSERT_TRUE(scales.ok());
    EXPECT_TRUE(scales->uniform);
    EXPECT_EQ(scales->scale, 0.5f);
  }
}

TEST(InspectTernary, ReportsScaleZeroForAnAllZeroMatrix) {
  for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0}) {
    const std::vector<uint8_t> codes(512, 1);
    const auto bytes = *PackTernary(type, I2sLayout::kX86, 2, 256, codes, 0.5f);
    const auto scales = InspectTernary({type, I2sLayout::kX86, 2, 256, bytes});
    ASSERT_TRUE(scales.ok());
    EXPECT_TRUE(scales->uniform);
    EXPECT_EQ(scales->scale, 0.0f);
  }
}

TEST(InspectTernary, ReportsScalesThatDifferFromBlockToBlock) {
  for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0}) {
    Matrix matrix(type, I2sLayout::kX86, 2, 768);
    matrix.SetBlockScale(4, 0.25f);
    const auto scales = InspectTernary(matrix.source);
    ASSERT_TRUE(scales.ok());
    EXPECT_FALSE(scales->uniform);
    EXPECT_EQ(scales->group_columns, 256u);
    float row[3];
    TernaryRowScales(matrix.source, 1, row);
    EXPECT_EQ(row[0], 0.5f);
    EXPECT_EQ(row[1], 0.25f);
    EXPECT_EQ(row[2], 0.5f);
  }
}

TEST(InspectTernary, RefusesBytesOfAnotherSize) {
  Matrix matrix(TensorType::kI2_S, I2sLayout::kX86, 4, 256);
  matrix.source.bytes = std::span(matrix.bytes).first(matrix.bytes.size() - 1);
  EXPECT_EQ(InspectTernary(matrix.source).status().code(), StatusCode::kInvalidArgument);
}

TEST(InspectTernary, RefusesShapesThatTheOrderCannotHold) {
  const std::vector<std::byte> bytes(4096);
  const auto inspect = [&](TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns) {
    const size_t size = rows * columns / 4 + 32;
    return InspectTernary({type, layout, rows, columns, std::span(bytes).first(size)}).status();
  };
  EXPECT_THAT(inspect(TensorType::kI2_S, I2sLayout::kX86, 3, 64).message(), HasSubstr("128"));
  EXPECT_THAT(inspect(TensorType::kI2_S, I2sLayout::kNeon, 3, 32).message(), HasSubstr("64"));
  EXPECT_THAT(inspect(TensorType::kI2_S, I2sLayout::kRows4, 6, 128).message(), HasSubstr("4"));
  EXPECT_TRUE(inspect(TensorType::kI2_S, I2sLayout::kNeon, 3, 64).ok());
  EXPECT_EQ(inspect(TensorType::kTQ1_0, I2sLayout::kX86, 4, 128).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(inspect(TensorType::kI2_S, I2sLayout::kX86, 0, 128).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(inspect(TensorType::kF16, I2sLayout::kX86, 4, 128).code(), StatusCode::kInvalidArgument);
}

TEST(PackTernary, RefusesAScaleThatFloat16CannotHold) {
  const auto codes = LcgCodes(256);
  for (const float scale : {1e6f, 1e-9f, kNan}) {
    EXPECT_EQ(PackTernary(TensorType::kTQ2_0, I2sLayout::kX86, 1, 256, codes, scale).status().code(),
              StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(PackTernary(TensorType::kI2_S, I2sLayout::kX86, 1, 256, codes, 1e6f).ok());
}

TEST(PackTernary, RefusesAWrongNumberOfCodes) {
  EXPECT_EQ(PackTernary(TensorType::kI2_S, I2sLayout::kX86, 2, 256, LcgCodes(256), 1).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sterna::quant
