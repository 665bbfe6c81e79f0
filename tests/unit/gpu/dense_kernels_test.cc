// SPDX-License-Identifier: Apache-2.0
//
// Products with stored numbers and embeddings give the bits of the scalar table; the largest logit is the first of
// them.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "gpu/emulator/emulator.h"
#include "gpu/kernels/dense.h"
#include "gpu/kernels/largest.h"
#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::gpu {
namespace {

using kernels::kScalarTable;
using test::Case;
using test::Compare;
using test::Floats;
using test::GuardedBuffer;

struct Stored {
  kernels::DenseType type;
  uint32_t block, block_bytes;
  const EmulatedKernel& dense;
  const EmulatedKernel& embed;
};
constexpr Stored kStored[] = {{kernels::kDenseF32, 1, 4, kDenseF32, kEmbedF32},
                              {kernels::kDenseF16, 1, 2, kDenseF16, kEmbedF16},
                              {kernels::kDenseBF16, 1, 2, kDenseBF16, kEmbedBF16},
                              {kernels::kDenseQ8_0, 32, 34, kDenseQ8_0, kEmbedQ8_0}};

uint32_t RoundedUp(uint32_t count) { return (count + 15) / 16 * 16; }

// Any bytes are numbers; those of 16 and 32 bits are kept from NaN by clearing the top bit of the exponent.
void FillStored(GuardedBuffer<uint8_t>& stored, const Stored& kind, test::Random& random) {
  for (uint8_t& byte : stored.span()) byte = uint8_t(random.Bits());
  if (kind.block > 1) {
    for (size_t at = 1; at < stored.size(); at += kind.block_bytes) stored[at] &= 0xbf;
  } else {
    for (size_t at = kind.block_bytes - 1; at < stored.size(); at += kind.block_bytes) stored[at] &= 0xbf;
  }
}

void CheckDense(const Stored& kind, uint32_t rows, uint32_t blocks, uint32_t tokens, uint64_t seed) {
  const uint32_t columns = blocks * kind.block, row_bytes = blocks * kind.block_bytes;
  test::Random random(seed);
  Emulator emulator(seed);
  GuardedBuffer<uint8_t> stored(size_t{rows} * row_bytes, 64);
  GuardedBuffer<float> x(size_t{tokens} * RoundedUp(columns), 64);
  GuardedBuffer<float> expected(size_t{tokens} * RoundedUp(rows), 64), out(size_t{tokens} * RoundedUp(rows), 64);
  FillStored(stored, kind, random);
  test::FillFloats(x, Floats::kUnit, random);
  kScalarTable.dense_linear[kind.type]({stored.data(), rows, columns, row_bytes},
                                       {x.data(), tokens, RoundedUp(columns)}, expected.data(), RoundedUp(rows));
  const DenseArgs args = {stored.data(), x.data(), out.data(),         row_bytes,
                          rows,          columns,  RoundedUp(columns), RoundedUp(rows)};
  const Grid grid = {(rows + kDenseRowsPerBlock - 1) / kDenseRowsPerBlock, tokens};
  const Status status = emulator.Run(kind.dense, grid, 0, &args);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Compare(kind.dense.name, Case().With("rows", rows).With("columns", columns), expected, out), "");
}

TEST(GpuKernels, DenseEqualsScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) CheckDense(kStored[seed % 4], 9, 1 + uint32_t(seed), 2, seed);
  for (const Stored& kind : kStored) {
    CheckDense(kind, 1, 1, 1, 1);
    CheckDense(kind, 17, 3, 3, 2);
  }
}

void CheckEmbed(const Stored& kind, uint32_t blocks, float factor) {
  constexpr uint32_t kTokens = 3, kRows = 5;
  const uint32_t columns = blocks * kind.block, row_bytes = blocks * kind.block_bytes;
  test::Random random(blocks);
  Emulator emulator(blocks);
  GuardedBuffer<uint8_t> stored(size_t{kRows} * row_bytes, 64);
  GuardedBuffer<float> expected(kTokens * RoundedUp(columns), 64), out(kTokens * RoundedUp(columns), 64);
  FillStored(stored, kind, random);
  std::vector<int32_t> tokens(kTokens);
  for (uint32_t row = 0; row < kTokens; ++row) {
    tokens[row] = int32_t(random.Below(kRows));
    float* const y = expected.data() + row * RoundedUp(columns);
    kScalarTable.decode_row[kind.type](stored.data() + tokens[row] * row_bytes, columns, y);
    for (uint32_t i = 0; i < columns; ++i) y[i] *= factor;
  }
  const EmbedArgs args = {stored.data(), tokens.data(), out.data(), row_bytes, columns, RoundedUp(columns), factor};
  const Status status = emulator.Run(kind.embed, {(columns + kDenseThreads - 1) / kDenseThreads, kTokens}, 0, &args);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Compare(kind.embed.name, Case().With("columns", columns), expected, out), "");
}

TEST(GpuKernels, EmbedEqualsScalar) {
  for (const Stored& kind : kStored) {
    CheckEmbed(kind, 3, 1.0f);
    CheckEmbed(kind, 150, 0.7f);
  }
}

std::vector<uint32_t> LargestOf(const std::vector<float>& logits, uint32_t rows, uint64_t seed) {
  std::vector<uint32_t> largest(rows, 77);
  const auto count = uint32_t(logits.size() / rows);
  const LargestArgs args = {logits.data(), largest.data(), count, count};
  const Status status = Emulator(seed).Run(kLargest, {.x = rows}, kLargestSharedBytes, &args);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return largest;
}

TEST(GpuKernels, LargestIsTheFirstOfTheLargest) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (uint64_t seed = 0; seed < 4; ++seed) {
    test::Random random(seed);
    std::vector<float> logits(600);
    for (float& logit : logits) logit = float(random.Below(20));
    logits[random.Below(600)] = nan;
    logits[300 + random.Below(40)] = logits[350 + random.Below(250)] = 20.0f;
    logits[random.Below(100)] = logits[100 + random.Below(200)] = 21.0f;
    std::vector<uint32_t> expected(2);
    for (uint32_t row = 0; row < 2; ++row) {
      for (uint32_t i = 0; i < 300; ++i) {
        const float best = logits[row * 300 + expected[row]];
        if (logits[row * 300 + i] > best || best != best) expected[row] = i;
      }
    }
    EXPECT_EQ(LargestOf(logits, 2, seed), expected);
  }
  EXPECT_EQ(LargestOf({nan, nan, nan}, 1, 1), std::vector<uint32_t>{0});
  EXPECT_EQ(LargestOf({nan, -infinity, -infinity}, 1, 1), std::vector<uint32_t>{1});
}

}  // namespace
}  // namespace sterna::gpu
