// SPDX-License-Identifier: Apache-2.0
//
// Kernels on rows of activations give the bits of the scalar table, in whatever order threads run.
#include <gtest/gtest.h>

#include <iterator>
#include <vector>

#include "gpu/emulator/emulator.h"
#include "gpu/kernels/norm.h"
#include "gpu/kernels/quantize.h"
#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::gpu {
namespace {

using kernels::kScalarTable;
using test::Case;
using test::Compare;
using test::Floats;
using test::GuardedBuffer;

constexpr size_t kCounts[] = {1, 3, 16, 31, 64, 127, 128, 129, 300};

uint32_t RoundedUp(size_t count, size_t multiple) { return uint32_t((count + multiple - 1) / multiple * multiple); }

void CheckQuantize(Emulator& emulator, size_t count, size_t rows, Floats kind, test::Random& random) {
  const uint32_t stride = RoundedUp(count, 16), bytes = RoundedUp(count, 128);
  GuardedBuffer<float> x(rows * stride, 64);
  test::FillFloats(x, kind, random);
  GuardedBuffer<int8_t> expected(rows * bytes, 64), values(rows * bytes, 64);
  GuardedBuffer<float> expected_scales(rows), scales(rows);
  GuardedBuffer<int32_t> expected_sums(rows), sums(rows);
  for (size_t row = 0; row < rows; ++row) {
    kScalarTable.quantize_row(x.data() + row * stride, count, 0, expected.data() + row * bytes, bytes,
                              expected_scales.data() + row, expected_sums.data() + row);
  }
  const QuantizeArgs args = {x.data(), values.data(), scales.data(), sums.data(), stride, bytes, uint32_t(count)};
  const Status status = emulator.Run(kQuantize, {.x = uint32_t(rows)}, kQuantizeSharedBytes, &args);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const Case where = Case().With("count", count).With("rows", rows).With("kind", kind);
  EXPECT_EQ(Compare("values", where, expected, values), "");
  EXPECT_EQ(Compare("scale", where, expected_scales, scales), "");
  EXPECT_EQ(Compare("sum", where, expected_sums, sums), "");
}

TEST(GpuKernels, QuantizeEqualsScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Emulator emulator(seed);
    test::Random random(seed);
    CheckQuantize(emulator, kCounts[seed % std::size(kCounts)], 1 + seed % 3, Floats::kUnit, random);
  }
}

TEST(GpuKernels, QuantizeEqualsScalarOnOddNumbers) {
  Emulator emulator(3);
  test::Random random(5);
  for (const Floats kind : test::kAllFloats) CheckQuantize(emulator, 130, 2, kind, random);
}

void CheckNorm(Emulator& emulator, size_t count, size_t runs, bool in_place, Floats kind, test::Random& random) {
  constexpr size_t kRows = 2;
  const uint32_t stride = RoundedUp(count * runs, 16);
  GuardedBuffer<float> x(kRows * stride, 64), gain(count), expected(kRows * stride, 64), y(kRows * stride, 64);
  test::FillFloats(x, kind, random);
  test::FillFloats(gain, Floats::kUnit, random);
  for (size_t i = 0; i < x.size(); ++i) expected[i] = y[i] = x[i];
  for (size_t run = 0; run < kRows * runs; ++run) {
    const size_t at = run / runs * stride + run % runs * count;
    kScalarTable.rms_norm(x.data() + at, gain.data(), count, 1e-5f, expected.data() + at);
  }
  const RmsNormArgs args = {
      in_place ? y.data() : x.data(), gain.data(), y.data(), stride, stride, uint32_t(count), 1e-5f};
  const Status status = emulator.Run(kRmsNorm, {.x = uint32_t(runs), .y = kRows}, 0, &args);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const Case where = Case().With("count", count).With("runs", runs).With("in_place", in_place).With("kind", kind);
  EXPECT_EQ(Compare("y", where, expected, y), "");
}

TEST(GpuKernels, NormEqualsScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Emulator emulator(seed);
    test::Random random(seed);
    CheckNorm(emulator, kCounts[seed % std::size(kCounts)], 1 + seed % 3, seed % 2 == 0, Floats::kUnit, random);
  }
}

TEST(GpuKernels, NormEqualsScalarOnOddNumbers) {
  Emulator emulator(3);
  test::Random random(5);
  for (const Floats kind : test::kAllFloats) CheckNorm(emulator, 130, 1, false, kind, random);
}

}  // namespace
}  // namespace sterna::gpu
