// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/unpacked_weights.h"

#include <algorithm>

#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr size_t kUnpackPieceRows = 64;

bool CanBeUnpacked(const TernaryMatrix& matrix) { return !matrix.by_input && matrix.group_scales == nullptr; }

uint64_t ValueBytes(const TernaryMatrix& matrix) { return uint64_t{matrix.rows} * matrix.padded_columns(); }

// Sums of int8 products are exact, so that their order, which the compiler chooses, changes nothing.
int32_t Dot(const int8_t* w, const int8_t* q, size_t count) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += int32_t{w[i]} * q[i];
  return sum;
}

}  // namespace

void UnpackCodes(const uint8_t* codes, size_t blocks, int8_t* values) {
  for (size_t b = 0; b < blocks; ++b, codes += kernels::kTernaryBlockBytes, values += kernels::kTernaryBlockColumns) {
    for (size_t s = 0; s < 4; ++s) {
      for (size_t i = 0; i < kernels::kTernaryBlockBytes; ++i) {
        values[s * kernels::kTernaryBlockBytes + i] = int8_t(((codes[i] >> (6 - 2 * s)) & 3) - 1);
      }
    }
  }
}

void Int8Linear(const Int8Weights& w, float scale, size_t first, size_t count, const kernels::Int8Rows& x, float* out,
                size_t out_stride) {
  for (size_t r = 0; r < count; ++r) {  // a row of weights stays in the nearest cache for all tokens
    const int8_t* const row = w.values + (first + r) * w.stride;
    for (size_t t = 0; t < x.count; ++t) {
      out[t * out_stride + r] = float(Dot(row, x.values + t * x.stride, w.stride)) * (scale / x.scales[t]);
    }
  }
}

void Int8ListedRows(const Int8Weights& w, float scale, const kernels::Int8Rows& x, const uint32_t* listed, size_t count,
                    float* out) {
  const float factor = scale / x.scales[0];
  for (size_t i = 0; i < count; ++i) {
    out[listed[i]] = float(Dot(w.values + listed[i] * w.stride, x.values, w.stride)) * factor;
  }
}

Result<TernaryMatrix> UnpackTernary(const quant::TernarySource& source, float scale_factor, WeightArena& arena,
                                    platform::ThreadPool& pool) {
  STERNA_ASSIGN_OR_RETURN(const quant::TernaryScales scales, quant::InspectTernary(source));
  const bool one_a_row = scales.uniform || scales.group_columns == source.columns;
  if (!one_a_row) return RepackTernary(source, scale_factor, arena, pool);
  STERNA_ASSIGN_OR_RETURN(TernaryMatrix matrix, DescribeTernary(source, scale_factor, arena));
  const size_t stride = matrix.padded_columns();
  STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(ValueBytes(matrix)));
  auto* const values = reinterpret_cast<int8_t*>(bytes);
  pool.ParallelFor(CeilDiv(matrix.rows, kUnpackPieceRows), [&](size_t piece, uint32_t) {
    const size_t first = piece * kUnpackPieceRows, end = std::min(first + kUnpackPieceRows, matrix.rows);
    for (size_t row = first; row < end; ++row) {
      int8_t* const out = values + row * stride;
      quant::UnpackTernaryRow(source, row, reinterpret_cast<uint8_t*>(out));
      for (size_t i = 0; i < matrix.columns; ++i) --out[i];
      std::fill(out + matrix.columns, out + stride, int8_t{0});
    }
  });
  matrix.values = values;
  return matrix;
}

Status UnpackMatrix(TernaryMatrix& matrix, WeightArena& arena, platform::ThreadPool& pool) {
  if (!CanBeUnpacked(matrix)) return {};
  STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(ValueBytes(matrix)));
  auto* const values = reinterpret_cast<int8_t*>(bytes);
  pool.ParallelFor(matrix.rows, [&](size_t row, uint32_t) {
    UnpackCodes(matrix.codes + row * matrix.row_bytes(), matrix.blocks, values + row * matrix.padded_columns());
  });
  matrix.values = values;
  matrix.codes = nullptr;
  return {};
}

Status UnpackedCache::Allocate(std::span<const TernaryMatrix> matrices, const BufferPlacement& placement) {
  of_matrix_.assign(matrices.size(), nullptr);
  if (!options_.cache) return {};
  uint64_t wanted_bytes = 0;
  for (const TernaryMatrix& matrix : matrices) {
    if (CanBeUnpacked(matrix) && matrix.values == nullptr) wanted_bytes += ValueBytes(matrix);
  }
  STERNA_ASSIGN_OR_RETURN(values_, AlignedBuffer::Create(std::min(wanted_bytes, options_.cache_bytes), placement));
  return {};
}

Int8Weights UnpackedCache::Take(size_t index, const TernaryMatrix& matrix, WorkSplitter& work) {
  const size_t stride = matrix.padded_columns();
  if (of_matrix_[index] != nullptr) {
    ++work.counters().unpacked_hits;
    return {of_matrix_[index], stride};
  }
  if (!CanBeUnpacked(matrix) || values_.size() - used_bytes_ < ValueBytes(matrix)) return {};
  auto* const values = values_.as<int8_t>().data() + used_bytes_;
  const size_t rows = std::max<size_t>(1, options_.batch_weights / stride), pieces = CeilDiv(matrix.rows, rows);
  work.Run(ValueBytes(matrix), pieces, [&](size_t piece, uint32_t) {
    const size_t first = piece * rows, count = std::min(rows, matrix.rows - first);
    UnpackCodes(matrix.codes + first * matrix.row_bytes(), count * matrix.blocks, values + first * stride);
  });
  work.counters().unpacked_weights += ValueBytes(matrix);
  work.counters().unpacked_batches += pieces;
  used_bytes_ += ValueBytes(matrix);
  of_matrix_[index] = values;
  return {values, stride};
}

}  // namespace sterna::backend
