// SPDX-License-Identifier: Apache-2.0
//
// Types whose values no package decodes yet: blocks written by hand from docs/formats.md.
#include "quant/dequantize.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/half.h"

namespace sterna::quant {
namespace {

// A block with scale 0.5 whose byte b holds the codes b % 4, (b + 1) % 4, (b + 2) % 4, (b + 3) % 4, lowest bits first.
std::vector<std::byte> Q2Block(size_t elements) {
  const uint16_t half = F32ToF16(0.5f);
  std::vector<std::byte> block = {std::byte(half & 255), std::byte(half >> 8)};
  for (size_t b = 0; b < elements / 4; ++b) {
    unsigned byte = 0;
    for (unsigned k = 0; k < 4; ++k) byte |= unsigned((b + k) % 4) << (2 * k);
    block.push_back(std::byte(byte));
  }
  return block;
}

void ExpectQ2(TensorType type, size_t elements) {
  const std::vector<std::byte> block = Q2Block(elements);
  ASSERT_EQ(block.size(), Info(type).block_bytes);
  std::vector<float> values(elements);
  DequantizeRow(type, block.data(), elements, values.data());
  constexpr float kValueOfCode[] = {-0.5f, 0.0f, 0.5f, 1.0f};  // 3 is twice the scale
  for (size_t i = 0; i < elements; ++i) EXPECT_EQ(values[i], kValueOfCode[(i / 4 + i % 4) % 4]) << i;
}

TEST(DequantizeRow, ReadsQ2InGroupsOf64) { ExpectQ2(TensorType::kQ2_0, 64); }
TEST(DequantizeRow, ReadsQ2InGroupsOf128) {
  ExpectQ2(TensorType::kQ2_0_G128, 128);
  ExpectQ2(TensorType::kPQ2_0, 128);
}

}  // namespace
}  // namespace sterna::quant
