// SPDX-License-Identifier: Apache-2.0
//
// Checksums of the published layouts, made outside this repository: I2_S with the Python packer of bitnet.cpp, TQ1_0,
// TQ2_0 and the block quants with the encoders and decoders of the `gguf` package on the same sequences.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <span>

#include "quant/dequantize.h"
#include "quant/ternary.h"
#include "support/test_sequences.h"

namespace sterna::quant {
namespace {

using sterna::testing::Crc32;
using sterna::testing::Hex;
using sterna::testing::LcgBytes;
using sterna::testing::LcgCodes;

constexpr uint64_t kRows = 4, kColumns = 256;

std::vector<std::byte> Pack(TensorType type, I2sLayout layout = I2sLayout::kX86) {
  auto packed = PackTernary(type, layout, kRows, kColumns, LcgCodes(kRows * kColumns), 0.75f);
  EXPECT_TRUE(packed.ok()) << packed.status().ToString();
  return packed.ok() ? *packed : std::vector<std::byte>{};
}

struct TernaryVector {
  const char* name;
  TensorType type;
  I2sLayout layout;
  size_t checked_bytes;
  const char* first_bytes;
  uint32_t crc;
};

constexpr TernaryVector kTernaryVectors[] = {
    {"I2sX86Codes", TensorType::kI2_S, I2sLayout::kX86, 256, "52896a4a1925a22129400594902905a8", 0x57422e46},
    {"I2sX86WithScale", TensorType::kI2_S, I2sLayout::kX86, 288, "52896a4a1925a22129400594902905a8", 0x058ff017},
    {"I2sNeonCodes", TensorType::kI2_S, I2sLayout::kNeon, 256, "56a16a60051a880a2940108686281098", 0xa04caa5d},
    {"I2sRows4Codes", TensorType::kI2_S, I2sLayout::kRows4, 256, "628162480a25912504690a85a0210092", 0x5630efb8},
    {"Tq1", TensorType::kTQ1_0, I2sLayout::kX86, 216, "7bc2a86f3547ec3f51580ed1c8500ef7", 0xe26f077d},
    {"Tq2", TensorType::kTQ2_0, I2sLayout::kX86, 264, "8562a9a164588a48680150160668502a", 0x48ea1303},
};

class PublishedTernaryVector : public ::testing::TestWithParam<TernaryVector> {};

TEST_P(PublishedTernaryVector, PacksToThePublishedBytes) {
  const TernaryVector& vector = GetParam();
  const auto packed = Pack(vector.type, vector.layout);
  ASSERT_GE(packed.size(), vector.checked_bytes);
  const auto checked = std::span(packed).first(vector.checked_bytes);
  EXPECT_EQ(Hex(checked.first(16)), vector.first_bytes);
  EXPECT_EQ(Crc32(checked), vector.crc);
}

TEST_P(PublishedTernaryVector, UnpacksToTheCodesItWasMadeOf) {
  const TernaryVector& vector = GetParam();
  const auto packed = Pack(vector.type, vector.layout);
  const TernarySource source{vector.type, vector.layout, kRows, kColumns, packed};
  const auto expected = LcgCodes(kRows * kColumns);
  for (uint64_t row = 0; row < kRows; ++row) {
    std::vector<uint8_t> codes(kColumns);
    UnpackTernaryRow(source, row, codes.data());
    EXPECT_TRUE(std::equal(codes.begin(), codes.end(), expected.begin() + ptrdiff_t(row * kColumns))) << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, PublishedTernaryVector, ::testing::ValuesIn(kTernaryVectors),
                         [](const auto& tested) { return std::string(tested.param.name); });

struct BlockVector {
  TensorType type;
  size_t scale_offset_bytes;
  uint32_t block_crc;
  std::array<float, 8> first_values;
  uint32_t values_crc;
};

constexpr BlockVector kBlockVectors[] = {
    {TensorType::kQ8_0, 0, 0x7cde9db1, {-39, 58.5, -71.25, 15, 78.75, -78, -75.75, -21.75}, 0xc3190af2},
    {TensorType::kQ4_0, 0, 0x6dce990d, {3, 4.5, -5.25, -3, 0.75, 0, 2.25, -3.75}, 0xa517656e},
    {TensorType::kQ6_K, 208, 0xf4db3cf0, {-936, 351, 234, -819, 877.5, 702, -526.5, 1404}, 0x672a0611},
};

class PublishedBlockVector : public ::testing::TestWithParam<BlockVector> {};

TEST_P(PublishedBlockVector, DecodesToThePublishedValues) {
  const BlockVector& vector = GetParam();
  const TypeInfo& info = Info(vector.type);
  auto block = LcgBytes(info.block_bytes, 7);
  const uint16_t scale = 0x3a00;  // 0.75
  std::memcpy(block.data() + vector.scale_offset_bytes, &scale, sizeof scale);
  ASSERT_EQ(Crc32(block), vector.block_crc);
  std::vector<float> values(info.block_elements);
  DequantizeRow(vector.type, block.data(), values.size(), values.data());
  for (size_t i = 0; i < vector.first_values.size(); ++i) EXPECT_EQ(values[i], vector.first_values[i]) << i;
  EXPECT_EQ(Crc32(std::as_bytes(std::span(values))), vector.values_crc);
}

INSTANTIATE_TEST_SUITE_P(Types, PublishedBlockVector, ::testing::ValuesIn(kBlockVectors),
                         [](const auto& tested) { return std::string(Info(tested.param.type).name); });

}  // namespace
}  // namespace sterna::quant
