// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/cpu/ternary_weights.h"
#include "backend/packed_ternary.h"
#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr size_t kBytes = kernels::kTernaryBlockBytes;
constexpr size_t kFields = 4;       // codes in a byte
constexpr size_t kTileInputs = 64;  // inputs whose blocks are put together in the first-level cache

// Scratch of one worker: codes of four rows, and the bytes of a block's 32 places over all inputs.
struct Transposer {
  explicit Transposer(size_t columns) : codes(kFields * columns), bytes(kBytes * columns) {}
  std::vector<uint8_t> codes, bytes;
};

// bytes[i][k]: the codes of rows first + i, + 32, + 64 and + 96 at column k. Rows past the matrix are code 1.
void GatherFields(const quant::TernarySource& source, size_t first, size_t i, Transposer& t) {
  const size_t columns = source.columns;
  for (size_t s = 0; s < kFields; ++s) {
    const size_t row = first + s * kBytes + i;
    uint8_t* const codes = t.codes.data() + s * columns;
    if (row < source.rows) {
      quant::UnpackTernaryRow(source, row, codes);
    } else {
      std::memset(codes, 1, columns);
    }
  }
  const uint8_t* const c = t.codes.data();
  uint8_t* const out = t.bytes.data() + i * columns;
  for (size_t k = 0; k < columns; ++k) {
    out[k] = uint8_t(c[k] << 6 | c[columns + k] << 4 | c[2 * columns + k] << 2 | c[3 * columns + k]);
  }
}

// Outputs 128 block .. 128 block + 127 of every input.
void StoreBlock(const quant::TernarySource& source, const TernaryMatrix& matrix, size_t block, Transposer& t,
                uint8_t* out) {
  for (size_t i = 0; i < kBytes; ++i) GatherFields(source, block * kernels::kTernaryBlockColumns, i, t);
  uint8_t tile[kTileInputs][kBytes];
  for (size_t first = 0; first < source.columns; first += kTileInputs) {
    const size_t count = std::min<size_t>(kTileInputs, source.columns - first);
    for (size_t i = 0; i < kBytes; ++i) {
      const uint8_t* const bytes = t.bytes.data() + i * source.columns + first;
      for (size_t k = 0; k < count; ++k) tile[k][i] = bytes[k];
    }
    for (size_t k = 0; k < count; ++k) {
      std::memcpy(out + (first + k) * matrix.row_bytes() + block * kBytes, tile[k], kBytes);
    }
  }
}

}  // namespace

kernels::TernaryColumns TernaryMatrix::Columns() const {
  return {codes, ShapeOfPacked(rows, columns, /*by_input=*/true).runs, rows, blocks, scale};
}

Result<TernaryMatrix> RepackTernaryByInput(const quant::TernarySource& source, float scale_factor, WeightArena& arena,
                                           platform::ThreadPool& pool) {
  STERNA_ASSIGN_OR_RETURN(const quant::TernaryScales scales, quant::InspectTernary(source));
  if (!scales.uniform) return RepackTernary(source, scale_factor, arena, pool);
  TernaryMatrix matrix;
  matrix.rows = source.rows;
  matrix.columns = source.columns;
  matrix.by_input = true;
  matrix.blocks = CeilDiv<size_t>(source.rows, kernels::kTernaryBlockColumns);
  STERNA_ASSIGN_OR_RETURN(matrix.scale, MatrixScale(scales, scale_factor));
  const size_t inputs = matrix.Columns().inputs;
  STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(inputs * matrix.row_bytes()));
  auto* const codes = reinterpret_cast<uint8_t*>(bytes);
  std::vector<Transposer> scratch(pool.thread_count(), Transposer(source.columns));
  pool.ParallelFor(matrix.blocks,
                   [&](size_t block, uint32_t worker) { StoreBlock(source, matrix, block, scratch[worker], codes); });
  constexpr uint8_t kZeroWeights = 0x55;  // code 1 four times
  std::fill(codes + matrix.columns * matrix.row_bytes(), codes + inputs * matrix.row_bytes(), kZeroWeights);
  matrix.codes = codes;
  return matrix;
}

}  // namespace sterna::backend
