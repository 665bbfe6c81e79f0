// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <vector>

#include "base/half.h"
#include "support/kernel_harness.h"
#include "unit/kernels/kernel_checks.h"

namespace sterna::test {
namespace {

using kernels::DenseType;
using kernels::KernelTable;
using kernels::kScalarTable;

constexpr uint64_t kSeed = 77003;

struct StoredFormat {
  size_t elements, bytes, scale_offset;
};
constexpr StoredFormat kFormats[kernels::kDenseTypeCount] = {
    {1, 4, 0},     {1, 2, 0},     {1, 2, 0},   {32, 34, 0},   {256, 210, 208}, {32, 18, 0},
    {256, 54, 52}, {256, 66, 64}, {32, 22, 0}, {256, 144, 0}, {64, 18, 0},     {128, 34, 0}};

// What stored weights look like: any bits at all; numbers below 1; or, so that products with the smallest subnormal
// vanish to -0 in every lane, numbers in (-0.4, 0].
enum class Stored { kAnyBits, kUnit, kNegative };

void FillStored(DenseType type, Stored kind, GuardedBuffer<uint8_t>& stored, Random& random) {
  for (uint8_t& byte : stored.span()) byte = uint8_t(random.Bits());
  if (kind == Stored::kAnyBits) return;
  const StoredFormat& format = kFormats[type];
  for (size_t at = 0; at + format.bytes <= stored.size(); at += format.bytes) {
    const float drawn = random.Uniform();
    const float value = kind == Stored::kNegative ? -0.4f * std::fabs(drawn) : drawn;
    const uint16_t narrow = type == kernels::kDenseBF16 ? F32ToBF16(value) : F32ToF16(value);
    if (type == kernels::kDenseF32) {
      std::memcpy(stored.data() + at, &value, sizeof value);
    } else {
      std::memcpy(stored.data() + at + format.scale_offset, &narrow, sizeof narrow);
    }
  }
}

std::vector<size_t> ColumnCounts(DenseType type) {
  switch (kFormats[type].elements) {
    case 1: return {1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 33, 255, 256, 257, 640, 2560};
    case 32: return {32, 64, 96, 224, 256, 288, 2560};
    default: return {256, 512, 2560};
  }
}

template <DenseType kType>
std::string CheckDecodeRow(const KernelTable& table) {
  for (const size_t columns : ColumnCounts(kType)) {
    for (const Stored kind : {Stored::kAnyBits, Stored::kUnit}) {
      Random random(kSeed + columns);
      GuardedBuffer<uint8_t> row(columns / kFormats[kType].elements * kFormats[kType].bytes);
      GuardedBuffer<float> y(columns), y2(columns);
      FillStored(kType, kind, row, random);
      kScalarTable.decode_row[kType](row.data(), columns, y.data());
      table.decode_row[kType](row.data(), columns, y2.data());
      const Case where = Case().With("columns", columns).With("stored", int(kind)).With("seed", kSeed);
      if (auto bad = Compare("out", where, y, y2); !bad.empty()) return bad;
    }
  }
  return "";
}

struct Product {
  size_t rows, columns, tokens;
  Floats values;
  Stored stored = Stored::kUnit;
};

template <DenseType kType>
std::string CompareProduct(const Product& p, const KernelTable& table) {
  Random random(kSeed + p.rows * 31 + p.columns * 7 + p.tokens);
  const size_t stride = (p.columns + 15) / 16 * 16, out_stride = p.rows + 5;
  const size_t row_bytes = p.columns / kFormats[kType].elements * kFormats[kType].bytes;
  GuardedBuffer<uint8_t> stored(p.rows * row_bytes);
  GuardedBuffer<float> x(p.tokens * stride, 64), y((p.tokens - 1) * out_stride + p.rows), y2(y.size());
  FillStored(kType, p.stored, stored, random);
  FillFloats(x, Floats::kWithNan, random);  // the padding between rows must not matter
  for (size_t t = 0; t < p.tokens; ++t) {
    for (size_t k = 0; k < p.columns; ++k) x[t * stride + k] = DrawFloat(p.values, random);
  }
  const kernels::DenseRows w = {stored.data(), p.rows, p.columns, row_bytes};
  const kernels::FloatRows rows = {x.data(), p.tokens, stride};
  kScalarTable.dense_linear[kType](w, rows, y.data(), out_stride);
  table.dense_linear[kType](w, rows, y2.data(), out_stride);
  const Case where = Case()
                         .With("rows", p.rows)
                         .With("columns", p.columns)
                         .With("tokens", p.tokens)
                         .With("values", p.values)
                         .With("stored", int(p.stored))
                         .With("seed", kSeed);
  return Compare("out", where, y, y2);
}

template <DenseType kType>
std::string CheckDenseLinear(const KernelTable& table) {
  const std::vector<size_t> columns = ColumnCounts(kType);
  for (size_t rows = 1; rows <= 5; ++rows) {
    for (size_t tokens = 1; tokens <= 5; ++tokens) {
      const Product product = {rows, columns[1], tokens, Floats::kUnit};
      if (auto bad = CompareProduct<kType>(product, table); !bad.empty()) return bad;
    }
  }
  for (const size_t tokens : {size_t{8}, size_t{11}}) {
    for (const size_t count : {columns[0], columns[1], columns.back(), size_t{4352}}) {
      for (const size_t rows : {size_t{3}, size_t{6}}) {
        if (auto bad = CompareProduct<kType>({rows, count, tokens, Floats::kUnit}, table); !bad.empty()) return bad;
      }
    }
  }
  for (const size_t count : columns) {
    const Product vanishing = {3, count, 2, Floats::kSmallestSubnormal, Stored::kNegative};
    if (auto bad = CompareProduct<kType>(vanishing, table); !bad.empty()) return bad;
    for (const Floats values : kFiniteFloats) {
      for (const size_t tokens : {size_t{1}, size_t{2}}) {
        if (auto bad = CompareProduct<kType>({5, count, tokens, values}, table); !bad.empty()) return bad;
        if (auto bad = CompareProduct<kType>({3, count, tokens, values, Stored::kAnyBits}, table); !bad.empty())
          return bad;
      }
    }
  }
  return "";
}

#define STERNA_DENSE_CHECKS(name)                                     \
  {"dense_linear." #name, CheckDenseLinear<kernels::kDense##name>}, { \
    "decode_row." #name, CheckDecodeRow<kernels::kDense##name>        \
  }
constexpr KernelCheck kChecks[] = {
    STERNA_DENSE_CHECKS(F32),  STERNA_DENSE_CHECKS(F16),  STERNA_DENSE_CHECKS(BF16),  STERNA_DENSE_CHECKS(Q8_0),
    STERNA_DENSE_CHECKS(Q6_K), STERNA_DENSE_CHECKS(Q4_0), STERNA_DENSE_CHECKS(TQ1_0), STERNA_DENSE_CHECKS(TQ2_0),
    STERNA_DENSE_CHECKS(Q5_0), STERNA_DENSE_CHECKS(Q4_K), STERNA_DENSE_CHECKS(Q2_0),  STERNA_DENSE_CHECKS(Q2_0_G128)};
#undef STERNA_DENSE_CHECKS

}  // namespace

std::span<const KernelCheck> DenseChecks() { return kChecks; }

}  // namespace sterna::test
