// SPDX-License-Identifier: Apache-2.0
//
// The specification's matrix products against 64-bit sums and double.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::kernels {
namespace {

using test::Random;

constexpr uint64_t kSeed = 555;

// Plain codes and values of one ternary product, and their packed form.
struct TernaryCase {
  TernaryCase(size_t rows_, size_t blocks_, size_t tokens_)
      : rows(rows_), blocks(blocks_), tokens(tokens_), columns(blocks_ * kTernaryBlockColumns) {
    Random random(kSeed);
    packed.resize(rows * blocks * kTernaryBlockBytes);
    for (size_t i = 0; i < rows * columns; ++i) {
      const auto code = uint8_t(random.Below(3));
      weights.push_back(int(code) - 1);
      const size_t block = i / kTernaryBlockColumns, j = i % kTernaryBlockColumns;
      packed[block * kTernaryBlockBytes + j % 32] |= uint8_t(code << (6 - 2 * (j / 32)));
    }
    for (size_t i = 0; i < tokens * columns; ++i) q.push_back(int8_t(int(random.Below(256)) - 128));
    for (size_t t = 0; t < tokens; ++t) {
      scales.push_back(90.0f + float(t));
      int32_t sum = 0;
      for (size_t k = 0; k < columns; ++k) sum += q[t * columns + k];
      sums.push_back(sum);
    }
    for (size_t i = 0; i < rows * blocks / 2; ++i) group_scales.push_back(random.Uniform());
  }

  int64_t Sum(size_t row, size_t token, size_t first, size_t count) const {
    int64_t sum = 0;
    for (size_t k = first; k < first + count; ++k) sum += weights[row * columns + k] * q[token * columns + k];
    return sum;
  }
  TernaryRows w() const { return {packed.data(), rows, blocks, 0.25f, group_scales.data()}; }
  Int8Rows x() const { return {q.data(), scales.data(), sums.data(), tokens, columns}; }

  size_t rows, blocks, tokens, columns;
  std::vector<int> weights;
  std::vector<uint8_t> packed;
  std::vector<int8_t> q;
  std::vector<float> scales, group_scales;
  std::vector<int32_t> sums;
};

TEST(ScalarTernaryLinear, IsTheExactSumTimesTheScales) {
  const TernaryCase c(5, 3, 2);
  std::vector<float> y(c.rows * c.tokens);
  kScalarTable.ternary_linear(c.w(), c.x(), y.data(), c.rows);
  for (size_t t = 0; t < c.tokens; ++t) {
    for (size_t r = 0; r < c.rows; ++r) {
      EXPECT_EQ(float(c.Sum(r, t, 0, c.columns)) * (0.25f / c.scales[t]), y[t * c.rows + r]);
    }
  }
}

TEST(ScalarTernaryGroupLinear, StaysWithinRoundingOfTheExactSum) {
  const TernaryCase c(5, 6, 2);
  std::vector<float> y(c.rows * c.tokens);
  kScalarTable.ternary_group_linear(c.w(), c.x(), y.data(), c.rows);
  for (size_t t = 0; t < c.tokens; ++t) {
    for (size_t r = 0; r < c.rows; ++r) {
      double exact = 0, magnitude = 0;
      for (size_t g = 0; g < c.blocks / 2; ++g) {
        const double term = double(c.Sum(r, t, g * 256, 256)) * double(c.group_scales[r * c.blocks / 2 + g]);
        exact += term;
        magnitude += std::fabs(term);
      }
      const double bound = double(c.blocks / 2 + 1) * 0x1p-24 * magnitude / double(c.scales[t]);
      EXPECT_NEAR(exact / double(c.scales[t]), double(y[t * c.rows + r]), bound);
    }
  }
}

TEST(ScalarDenseLinear, StaysWithinRoundingOfTheExactSum) {
  constexpr size_t kRows = 3, kTokens = 2, kStride = 640;
  for (const size_t columns : {size_t{1}, size_t{17}, size_t{300}, size_t{640}}) {
    Random random(kSeed + columns);
    std::vector<float> w(kRows * columns), x(kTokens * kStride), y(kTokens * kRows);
    for (float& value : w) value = random.Uniform();
    for (float& value : x) value = random.Uniform();
    const DenseRows weights = {reinterpret_cast<const uint8_t*>(w.data()), kRows, columns, columns * sizeof(float)};
    kScalarTable.dense_linear[kDenseF32](weights, {x.data(), kTokens, kStride}, y.data(), kRows);
    for (size_t t = 0; t < kTokens; ++t) {
      for (size_t r = 0; r < kRows; ++r) {
        double exact = 0, magnitude = 0;
        for (size_t k = 0; k < columns; ++k) {
          const double term = double(w[r * columns + k]) * double(x[t * kStride + k]);
          exact += term;
          magnitude += std::fabs(term);
        }
        // Each term passes through at most columns / 16 + 1 additions of its lane and 4 of the tree.
        const double bound = double(columns / 16 + 5) * 0x1p-24 * magnitude;
        EXPECT_NEAR(exact, double(y[t * kRows + r]), bound) << "columns " << columns;
      }
    }
  }
}

}  // namespace
}  // namespace sterna::kernels
