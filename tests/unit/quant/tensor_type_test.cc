// SPDX-License-Identifier: Apache-2.0
#include "quant/tensor_type.h"

#include <gtest/gtest.h>

namespace sterna::quant {
namespace {

constexpr uint64_t k2To62 = uint64_t{1} << 62;

TEST(TensorBytes, OfAnI2sMatrixCountTwoBitsAValueAndTheTail) {
  EXPECT_EQ(*TensorBytes(TensorType::kI2_S, 2560, 2560), 1638432u);
  EXPECT_EQ(*TensorBytes(TensorType::kI2_S, 6912, 2560), 4423712u);
}

TEST(TensorBytes, OfBlockTypesCountWholeBlocks) {
  EXPECT_EQ(*TensorBytes(TensorType::kTQ1_0, 3, 512), 3u * 2 * 54);
  EXPECT_EQ(*TensorBytes(TensorType::kTQ2_0, 3, 512), 3u * 2 * 66);
  EXPECT_EQ(*TensorBytes(TensorType::kQ8_0, 128256, 2560), 348856320u);
  EXPECT_EQ(*TensorBytes(TensorType::kQ6_K, 128256, 2560), 269337600u);
  EXPECT_EQ(*TensorBytes(TensorType::kQ4_0, 128256, 2560), 184688640u);
  EXPECT_EQ(*TensorBytes(TensorType::kF16, 128256, 2560), 656670720u);
}

TEST(TensorBytes, RefuseColumnsThatAreNoMultipleOfTheBlock) {
  for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0, TensorType::kQ6_K}) {
    EXPECT_EQ(TensorBytes(type, 4, 255).status().code(), StatusCode::kInvalidArgument) << Info(type).name;
  }
  EXPECT_EQ(TensorBytes(TensorType::kQ8_0, 32, 33).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TensorBytes(TensorType::kI2_S, 1, 130).status().code(), StatusCode::kInvalidArgument);
}

TEST(TensorBytes, RefuseSizesOf63BitsAndMore) {
  EXPECT_EQ(TensorBytes(TensorType::kF32, k2To62, 4).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TensorBytes(TensorType::kF32, k2To62, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TensorBytes(TensorType::kF64, k2To62, 2).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TensorBytes(TensorType::kI8, k2To62, 2).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*TensorBytes(TensorType::kI8, k2To62, 1), k2To62);
}

}  // namespace
}  // namespace sterna::quant
