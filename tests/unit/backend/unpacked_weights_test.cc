// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/unpacked_weights.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/kernel_harness.h"

namespace sterna::backend {
namespace {

using kernels::kScalarTable;

constexpr size_t kRows = 5, kBlocks = 3, kTokens = 2;
constexpr size_t kStride = kBlocks * kernels::kTernaryBlockColumns;

class UnpackedWeights : public ::testing::Test {
 protected:
  UnpackedWeights() : codes_(kRows * kBlocks * kernels::kTernaryBlockBytes), values_(kRows * kStride) {
    test::Random random(3);
    for (uint8_t& byte : codes_) {
      for (int s = 0; s < 8; s += 2) byte |= uint8_t(random.Below(3) << s);
    }
    for (int8_t& q : q_) q = int8_t(random.Below(256));
    UnpackCodes(codes_.data(), kRows * kBlocks, values_.data());
  }
  Int8Weights weights() const { return {values_.data(), kStride}; }

  std::vector<uint8_t> codes_;
  std::vector<int8_t> values_, q_ = std::vector<int8_t>(kTokens * kStride);
  const float scales_[kTokens] = {3.0f, 0.7f};
  const int32_t sums_[kTokens] = {};
  const kernels::Int8Rows x_ = {q_.data(), scales_, sums_, kTokens, kStride};
};

TEST_F(UnpackedWeights, GiveThePackedProduct) {
  std::vector<float> expected(kTokens * kRows), actual(kTokens * kRows);
  kScalarTable.ternary_linear({codes_.data(), kRows, kBlocks, 1.5f, nullptr}, x_, expected.data(), kRows);
  Int8Linear(weights(), 1.5f, 0, 2, x_, actual.data(), kRows);
  Int8Linear(weights(), 1.5f, 2, kRows - 2, x_, actual.data() + 2, kRows);
  EXPECT_EQ(expected, actual);
}

TEST_F(UnpackedWeights, GiveListedRowsAndLeaveOthers) {
  const uint32_t listed[] = {1, 4};
  std::vector<float> expected(kRows, -7.0f), actual(kRows, -7.0f);
  kScalarTable.ternary_listed_rows({codes_.data(), kRows, kBlocks, 1.5f, nullptr}, x_, listed, 2, expected.data());
  Int8ListedRows(weights(), 1.5f, x_, listed, 2, actual.data());
  EXPECT_EQ(expected, actual);
}

class UnpackedCacheTest : public UnpackedWeights {
 protected:
  UnpackedCacheTest() {
    TernaryMatrix matrix;
    matrix.rows = kRows;
    matrix.columns = kStride;
    matrix.blocks = kBlocks;
    matrix.codes = codes_.data();
    matrices_ = {matrix, matrix};
  }

  static constexpr uint64_t kMatrixBytes = kRows * kStride;
  const std::unique_ptr<platform::ThreadPool> pool_ = platform::ThreadPool::Create(2).value();
  WorkSplitter work_{*pool_, {.parallel_threshold = 0}};
  std::vector<TernaryMatrix> matrices_;
};

TEST_F(UnpackedCacheTest, KeepsWhatCameFirstWithinItsBytes) {
  UnpackedCache cache({.cache = true, .cache_bytes = kMatrixBytes + 1, .batch_weights = 2 * kStride});
  ASSERT_TRUE(cache.Allocate(matrices_, {}).ok());
  const Int8Weights first = cache.Take(0, matrices_[0], work_);
  ASSERT_NE(nullptr, first.values);
  EXPECT_EQ(values_, std::vector<int8_t>(first.values, first.values + kMatrixBytes));
  EXPECT_EQ(nullptr, cache.Take(1, matrices_[1], work_).values);
  EXPECT_EQ(first.values, cache.Take(0, matrices_[0], work_).values);
  EXPECT_EQ(kMatrixBytes, work_.counters().unpacked_weights);
  EXPECT_EQ(3u, work_.counters().unpacked_batches);  // of two rows each
  EXPECT_EQ(1u, work_.counters().unpacked_hits);
}

TEST_F(UnpackedCacheTest, LeavesWhatHasSeveralScalesInARow) {
  const float scale = 1;
  matrices_[0].group_scales = &scale;
  UnpackedCache cache({.cache = true});
  ASSERT_TRUE(cache.Allocate(matrices_, {}).ok());
  EXPECT_EQ(kMatrixBytes, cache.size_bytes());
  EXPECT_EQ(nullptr, cache.Take(0, matrices_[0], work_).values);
}

}  // namespace
}  // namespace sterna::backend
