// SPDX-License-Identifier: Apache-2.0
//
// Every ternary product gives the integers, and so the bits, of the scalar table.
#include <gtest/gtest.h>

#include <vector>

#include "gpu/emulator/emulator.h"
#include "gpu/kernels/ternary_rows.h"
#include "gpu/kernels/ternary_tile.h"
#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::gpu {
namespace {

using test::Case;
using test::Compare;
using test::GuardedBuffer;

struct Shape {
  uint32_t rows, blocks, tokens;
};

// Weights, activations, and what they give.
struct Product {
  Product(const Shape& made, bool with_row_scales, test::Random& random)
      : shape(made),
        codes(size_t{made.rows} * made.blocks * kTernaryBlockStored, 64),
        values(size_t{made.tokens} * made.blocks * kTernaryBlock, 64),
        scales(made.tokens),
        sums(made.tokens),
        row_scales(with_row_scales ? made.rows : 0),
        group_scales(size_t{made.rows} * (made.blocks / 2)),
        expected(size_t{made.tokens} * out_stride(), 64),
        out(size_t{made.tokens} * out_stride(), 64) {
    for (uint8_t& byte : codes.span()) {
      byte = uint8_t(random.Below(3) | random.Below(3) << 2 | random.Below(3) << 4 | random.Below(3) << 6);
    }
    // Extreme activations now and then.
    for (int8_t& value : values.span()) value = random.Below(8) == 0 ? int8_t(-128) : int8_t(random.Bits());
    for (float& scale : scales.span()) scale = 1.5f + random.Uniform();
    for (float& scale : row_scales.span()) scale = random.Uniform();
    for (float& scale : group_scales.span()) scale = random.Uniform();
    for (uint32_t token = 0; token < made.tokens; ++token) {
      sums[token] = 0;
      for (uint32_t i = 0; i < stride(); ++i) sums[token] += values[token * stride() + i];
    }
  }

  uint32_t stride() const { return shape.blocks * kTernaryBlock; }
  uint32_t out_stride() const { return (shape.rows + 15) / 16 * 16; }

  template <class Linear>
  void Expect(Linear linear) {
    const kernels::TernaryRows w = {codes.data(), shape.rows, shape.blocks, 0.37f, group_scales.data()};
    const kernels::Int8Rows x = {values.data(), scales.data(), sums.data(), shape.tokens, stride()};
    linear(w, x, expected.data(), out_stride());
    for (uint32_t i = 0; row_scales.size() > 0 && i < shape.tokens * out_stride(); ++i) {
      if (i % out_stride() < shape.rows) expected[i] *= row_scales[i % out_stride()];
    }
  }

  void Check(Emulator& emulator, const EmulatedKernel& kernel, Grid grid, uint32_t shared_bytes) {
    const TernaryArgs args = {codes.data(),
                              values.data(),
                              scales.data(),
                              sums.data(),
                              row_scales.size() > 0 ? row_scales.data() : nullptr,
                              group_scales.data(),
                              out.data(),
                              shape.rows,
                              shape.blocks,
                              shape.tokens,
                              stride(),
                              out_stride(),
                              0.37f};
    const Status status = emulator.Run(kernel, grid, shared_bytes, &args);
    ASSERT_TRUE(status.ok()) << status.ToString();
    const Case where = Case().With("rows", shape.rows).With("blocks", shape.blocks).With("tokens", shape.tokens);
    EXPECT_EQ(Compare(kernel.name, where, expected, out), "");
  }

  Shape shape;
  GuardedBuffer<uint8_t> codes;
  GuardedBuffer<int8_t> values;
  GuardedBuffer<float> scales;
  GuardedBuffer<int32_t> sums;
  GuardedBuffer<float> row_scales, group_scales;
  GuardedBuffer<float> expected, out;
};

uint32_t Parts(uint32_t count, uint32_t size) { return (count + size - 1) / size; }

struct RowsKernel {
  const EmulatedKernel& kernel;
  uint32_t tokens;
};

constexpr RowsKernel kRowsKernels[] = {{kTernaryRows1, 1}, {kTernaryRows2, 2}, {kTernaryRows4, 4}, {kTernaryRows8, 8}};

void CheckRows(const RowsKernel& kernel, const Shape& shape, uint64_t seed) {
  Emulator emulator(seed);
  test::Random random(seed);
  Product product(shape, seed % 2 == 1, random);
  product.Expect(kernels::kScalarTable.ternary_linear);
  const Grid grid = {Parts(shape.rows, kTernaryRowsPerBlock), Parts(shape.tokens, kernel.tokens)};
  product.Check(emulator, kernel.kernel, grid, 0);
}

TEST(GpuKernels, TernaryRowsEqualScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const RowsKernel& kernel : kRowsKernels) CheckRows(kernel, {17, 3, 5}, seed);
  }
}

TEST(GpuKernels, TernaryRowsOfAnyShapeEqualScalar) {
  constexpr Shape kShapes[] = {{1, 1, 1}, {16, 4, 8}, {33, 5, 9}, {15, 9, 3}, {4, 20, 2}};
  for (const Shape& shape : kShapes) {
    for (const RowsKernel& kernel : kRowsKernels) CheckRows(kernel, shape, 2);
  }
}

TEST(GpuKernels, TernaryGroupsEqualScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Shape shape = {1 + uint32_t(seed), 2 + 2 * uint32_t(seed % 3), 1 + uint32_t(seed % 4)};
    Emulator emulator(seed);
    test::Random random(seed);
    Product product(shape, false, random);
    product.Expect(kernels::kScalarTable.ternary_group_linear);
    product.Check(emulator, kTernaryGroups, {Parts(shape.rows, kTernaryRowsPerBlock), shape.tokens}, 0);
  }
}

void CheckTile(const EmulatedKernel& kernel, uint32_t stages, const Shape& shape, uint64_t seed) {
  Emulator emulator(seed);
  test::Random random(seed);
  Product product(shape, seed % 2 == 1, random);
  product.Expect(kernels::kScalarTable.ternary_linear);
  product.Check(emulator, kernel, {Parts(shape.rows, kTileRows), Parts(shape.tokens, kTileTokens)},
                stages * kTileStageBytes);
}

TEST(GpuKernels, TernaryTilesEqualScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Shape shape = {64 + uint32_t(seed % 3), 1 + uint32_t(seed % 5), 64 - uint32_t(seed % 2)};
    CheckTile(kTernaryTile2, 2, shape, seed);
    CheckTile(kTernaryTile3, 3, shape, seed);
  }
}

TEST(GpuKernels, TernaryTilesOfAnyShapeEqualScalar) {
  constexpr Shape kShapes[] = {{1, 1, 1}, {3, 7, 65}, {130, 2, 70}, {63, 4, 17}};
  for (const Shape& shape : kShapes) {
    CheckTile(kTernaryTile2, 2, shape, 1);
    CheckTile(kTernaryTile3, 3, shape, 1);
  }
}

}  // namespace
}  // namespace sterna::gpu
