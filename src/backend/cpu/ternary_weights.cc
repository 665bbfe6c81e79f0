// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/ternary_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr size_t kRepackPieceBytes = 256 << 10;

// Four codes 0..2 into one byte of the kernels' block: element j is bits 7-2s..6-2s of byte j % 32, s = j / 32.
void PackRow(const uint8_t* codes, size_t blocks, uint8_t* out) {
  for (size_t b = 0; b < blocks; ++b, codes += kernels::kTernaryBlockColumns, out += kernels::kTernaryBlockBytes) {
    for (size_t i = 0; i < kernels::kTernaryBlockBytes; ++i) {
      out[i] = uint8_t(codes[i] << 6 | codes[i + 32] << 4 | codes[i + 64] << 2 | codes[i + 96]);
    }
  }
}

// The codes of each group of a row into a block of its own.
void PackFineGroups(const uint8_t* codes, const TernaryMatrix& matrix, size_t row, uint8_t* out) {
  for (size_t g = 0; g < matrix.blocks; ++g) {
    std::array<uint8_t, kernels::kTernaryBlockColumns> block;
    block.fill(1);
    const size_t first = g * matrix.group_columns;
    std::copy_n(codes + first, matrix.group_columns, block.begin() + first % kernels::kTernaryBlockColumns);
    PackRow(block.data(), 1, out + (g * matrix.rows + row) * kernels::kTernaryBlockBytes);
  }
}

// `groups` scales a row: 1 where rows have one each.
Result<const float*> CopyScales(const quant::TernarySource& source, float scale_factor, size_t groups,
                                WeightArena& arena) {
  STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(source.rows * groups * sizeof(float)));
  auto* const all = reinterpret_cast<float*>(bytes);
  for (size_t row = 0; row < source.rows; ++row) {
    float* const scales = all + row * groups;
    quant::TernaryRowScales(source, row, scales);
    for (size_t g = 0; g < groups; ++g) {
      scales[g] *= scale_factor;
      if (!std::isfinite(scales[g])) {
        return Status::Corrupt(
            fmt::format("row {}, group {}: scale times the factor {} is not a finite number", row, g, scale_factor));
      }
    }
  }
  return all;
}

Status SetScales(const quant::TernarySource& source, const quant::TernaryScales& scales, float scale_factor,
                 WeightArena& arena, TernaryMatrix& matrix) {
  if (scales.uniform) {
    STERNA_ASSIGN_OR_RETURN(matrix.scale, MatrixScale(scales, scale_factor));
  } else if (scales.group_columns == source.columns) {
    matrix.scale = 1;
    STERNA_ASSIGN_OR_RETURN(matrix.row_scales, CopyScales(source, scale_factor, 1, arena));
  } else {
    matrix.group_columns = uint32_t(scales.group_columns);
    const size_t groups = source.columns / scales.group_columns;
    if (matrix.group_columns < kernels::kTernaryGroupColumns) matrix.blocks = groups;
    STERNA_ASSIGN_OR_RETURN(matrix.group_scales, CopyScales(source, scale_factor, groups, arena));
  }
  return {};
}

}  // namespace

kernels::TernaryRows TernaryMatrix::Rows(size_t first, size_t count) const {
  const float* const groups = group_scales == nullptr ? nullptr : group_scales + first * (blocks / 2);
  return {codes + first * row_bytes(), count, blocks, scale, groups};
}

Result<float> MatrixScale(const quant::TernaryScales& scales, float scale_factor) {
  const float scale = scales.scale * scale_factor;
  if (std::isfinite(scale)) return scale;
  return Status::Corrupt(fmt::format("scale {} times {} is not a finite number", scales.scale, scale_factor));
}

bool HoldsKernelCodes(const quant::TernarySource& source) {
  return source.type == quant::TensorType::kI2_S && source.layout == quant::I2sLayout::kX86 &&
         source.columns % kernels::kTernaryBlockColumns == 0;
}

void RepackRows(const quant::TernarySource& source, const TernaryMatrix& matrix, size_t first, size_t end,
                uint8_t* row_codes, uint8_t* out) {
  const size_t row_bytes = matrix.row_bytes();
  if (HoldsKernelCodes(source)) {
    std::memcpy(out + first * row_bytes, source.bytes.data() + first * row_bytes, (end - first) * row_bytes);
    return;
  }
  for (size_t row = first; row < end; ++row) {
    quant::UnpackTernaryRow(source, row, row_codes);
    if (matrix.fine_groups()) {
      PackFineGroups(row_codes, matrix, row, out);
    } else {
      PackRow(row_codes, matrix.blocks, out + row * row_bytes);
    }
  }
}

Result<TernaryMatrix> DescribeTernary(const quant::TernarySource& source, float scale_factor, WeightArena& arena) {
  STERNA_ASSIGN_OR_RETURN(const quant::TernaryScales scales, quant::InspectTernary(source));
  TernaryMatrix matrix;
  matrix.rows = source.rows;
  matrix.columns = source.columns;
  matrix.blocks = CeilDiv<size_t>(source.columns, kernels::kTernaryBlockColumns);
  STERNA_RETURN_IF_ERROR(SetScales(source, scales, scale_factor, arena, matrix));
  return matrix;
}

Result<TernaryMatrix> RepackTernary(const quant::TernarySource& source, float scale_factor, WeightArena& arena,
                                    platform::ThreadPool& pool) {
  STERNA_ASSIGN_OR_RETURN(TernaryMatrix matrix, DescribeTernary(source, scale_factor, arena));
  STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(matrix.rows * matrix.row_bytes()));
  auto* const codes = reinterpret_cast<uint8_t*>(bytes);
  const size_t padded_columns = matrix.padded_columns();
  std::vector<uint8_t> row_codes(pool.thread_count() * padded_columns, uint8_t{1});  // the padding stays 1
  const size_t piece_rows = std::max<size_t>(1, kRepackPieceBytes / matrix.row_bytes());
  pool.ParallelFor(CeilDiv(matrix.rows, piece_rows), [&](size_t piece, uint32_t worker) {
    const size_t first = piece * piece_rows;
    RepackRows(source, matrix, first, std::min(first + piece_rows, matrix.rows),
               row_codes.data() + worker * padded_columns, codes);
  });
  matrix.codes = codes;
  return matrix;
}

}  // namespace sterna::backend
