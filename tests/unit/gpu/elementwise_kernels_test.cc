// SPDX-License-Identifier: Apache-2.0
//
// Kernels that treat each element by itself give the bits of the scalar table.
#include <gtest/gtest.h>

#include <array>

#include "gpu/emulator/emulator.h"
#include "gpu/kernels/elementwise.h"
#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::gpu {
namespace {

using kernels::kScalarTable;
using test::Case;
using test::Compare;
using test::Floats;
using test::GuardedBuffer;

constexpr size_t kRows = 3;

struct PairKernel {
  const EmulatedKernel& kernel;
  void (*scalar)(float* x, const float* y, size_t count) noexcept;
};
const std::array kPairKernels = {PairKernel{kAdd, kScalarTable.add}, PairKernel{kGateRelu2, kScalarTable.relu2_mul},
                                 PairKernel{kGateSilu, kScalarTable.silu_mul},
                                 PairKernel{kGateGelu, kScalarTable.gelu_mul}};

void CheckPair(const PairKernel& pair, Emulator& emulator, size_t count, Floats kind, test::Random& random) {
  const uint32_t stride = uint32_t(count + 15) / 16 * 16;
  GuardedBuffer<float> x(kRows * stride, 64), y(kRows * stride, 64), expected(kRows * stride, 64);
  test::FillFloats(x, kind, random);
  test::FillFloats(y, kind, random);
  for (size_t i = 0; i < x.size(); ++i) expected[i] = x[i];
  for (size_t row = 0; row < kRows; ++row) pair.scalar(expected.data() + row * stride, y.data() + row * stride, count);
  const PairArgs args = {x.data(), y.data(), stride, stride, uint32_t(count)};
  const Grid grid = {uint32_t(count + kElementThreads - 1) / kElementThreads, kRows};
  const Status status = emulator.Run(pair.kernel, grid, 0, &args);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Compare(pair.kernel.name, Case().With("count", count).With("kind", kind), expected, x), "");
}

TEST(GpuKernels, ElementwiseEqualsScalar) {
  test::Random random(11);
  for (const PairKernel& pair : kPairKernels) {
    Emulator emulator(2);
    for (const size_t count : {size_t{1}, size_t{128}, size_t{333}}) {
      CheckPair(pair, emulator, count, Floats::kUnit, random);
    }
    for (const Floats kind : test::kAllFloats) CheckPair(pair, emulator, 130, kind, random);
  }
}

struct RopeShape {
  uint32_t heads, head_dim, rotary, pairs;
};

void CheckRope(const RopeShape& shape, uint64_t seed) {
  constexpr uint32_t kPositions = 9;
  test::Random random(seed);
  const uint32_t columns = shape.heads * shape.head_dim, stride = (columns + 15) / 16 * 16;
  GuardedBuffer<float> x(kRows * stride, 64), expected(kRows * stride, 64), table(size_t{kPositions} * shape.rotary);
  GuardedBuffer<uint32_t> positions(kRows);
  test::FillFloats(x, Floats::kWide, random);
  test::FillFloats(table, Floats::kUnit, random);
  for (uint32_t& position : positions.span()) position = random.Below(kPositions);
  for (size_t i = 0; i < x.size(); ++i) expected[i] = x[i];
  const auto scalar = shape.pairs != 0 ? kScalarTable.rope_pairs : kScalarTable.rope;
  for (size_t row = 0; row < kRows; ++row) {
    const float* const angles = table.data() + positions[row] * shape.rotary;
    scalar(expected.data() + row * stride, shape.heads, shape.head_dim, shape.rotary, angles,
           angles + shape.rotary / 2);
  }
  const RopeArgs args = {x.data(),    table.data(),   positions.data(), stride,
                         shape.heads, shape.head_dim, shape.rotary,     shape.pairs};
  Emulator emulator(seed);
  const uint32_t turns = shape.heads * shape.rotary / 2;
  const Status status = emulator.Run(kRope, {(turns + kElementThreads - 1) / kElementThreads, kRows}, 0, &args);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Compare("rope", Case().With("heads", shape.heads).With("rotary", shape.rotary), expected, x), "");
}

TEST(GpuKernels, RopeEqualsScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) CheckRope({5, 64, 64, uint32_t(seed % 2)}, seed);
  for (const uint32_t pairs : {0u, 1u}) {
    CheckRope({1, 2, 2, pairs}, 1);
    CheckRope({3, 30, 22, pairs}, 2);
  }
}

}  // namespace
}  // namespace sterna::gpu
