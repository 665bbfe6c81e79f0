// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/packed_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr size_t kCopyPieceBytes = size_t{1} << 20;
constexpr size_t kInputMultiple = 4;

bool IsAligned(std::span<const std::byte> bytes) {
  return reinterpret_cast<uintptr_t>(bytes.data()) % AlignedBuffer::kAlignment == 0;
}

Result<const uint8_t*> CopyCodes(std::span<const std::byte> codes, WeightArena& arena, platform::ThreadPool& pool) {
  STERNA_ASSIGN_OR_RETURN(std::byte* const copy, arena.Take(codes.size()));
  pool.ParallelFor(CeilDiv(codes.size(), kCopyPieceBytes), [&](size_t piece, uint32_t) {
    const auto part = codes.subspan(piece * kCopyPieceBytes);
    std::memcpy(copy + piece * kCopyPieceBytes, part.data(), std::min(part.size(), kCopyPieceBytes));
  });
  return reinterpret_cast<const uint8_t*>(copy);
}

uint64_t GroupScales(const TernaryMatrix& matrix) {
  const bool fine = matrix.group_columns < kernels::kTernaryGroupColumns;
  return matrix.rows * (fine ? matrix.blocks : matrix.blocks / 2);
}

// Whether the sizes of groups are ones that a row can be cut into.
bool GroupsFit(const PackedTernary& packed) {
  if (packed.group_columns == kernels::kTernaryGroupColumns) return true;
  return (packed.group_columns == 64 || packed.group_columns == 128) && packed.columns % packed.group_columns == 0 &&
         !packed.group_scales.empty();
}

bool ScalesFit(const PackedTernary& packed, const TernaryMatrix& matrix) {
  const uint64_t groups = packed.group_scales.size(), rows = packed.row_scales.size();
  if (groups == 0 && rows == 0) return true;
  if (packed.by_input || (groups > 0 && rows > 0)) return false;
  return groups > 0 ? groups == GroupScales(matrix) : rows == matrix.rows;
}

// Null for none.
Result<const float*> CopyScales(std::span<const float> scales, WeightArena& arena) {
  if (scales.empty()) return nullptr;
  STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(scales.size_bytes()));
  std::memcpy(bytes, scales.data(), scales.size_bytes());
  return reinterpret_cast<const float*>(bytes);
}

}  // namespace

PackedShape ShapeOfPacked(uint64_t rows, uint64_t columns, bool by_input, uint32_t group_columns) {
  if (group_columns < kernels::kTernaryGroupColumns) {
    return {columns / group_columns * kernels::kTernaryBlockBytes, rows};
  }
  const auto run_bytes = [](uint64_t codes) {
    return CeilDiv<uint64_t>(codes, kernels::kTernaryBlockColumns) * kernels::kTernaryBlockBytes;
  };
  if (by_input) return {run_bytes(rows), RoundUp<uint64_t>(columns, kInputMultiple)};
  return {run_bytes(columns), rows};
}

PackedTernary AsPacked(const TernaryMatrix& matrix) {
  PackedTernary packed{.rows = matrix.rows,
                       .columns = matrix.columns,
                       .by_input = matrix.by_input,
                       .scale = matrix.scale,
                       .codes = {},
                       .group_scales = {},
                       .group_columns = matrix.group_columns,
                       .row_scales = {}};
  const PackedShape shape = ShapeOfPacked(matrix.rows, matrix.columns, matrix.by_input, matrix.group_columns);
  packed.codes = std::as_bytes(std::span(matrix.codes, shape.bytes()));
  if (matrix.group_scales != nullptr) packed.group_scales = {matrix.group_scales, GroupScales(matrix)};
  if (matrix.row_scales != nullptr) packed.row_scales = {matrix.row_scales, matrix.rows};
  return packed;
}

Result<TernaryMatrix> DescribePacked(const PackedTernary& packed, WeightArena& arena) {
  if (!GroupsFit(packed)) {
    return Status::InvalidArgument(fmt::format("{} columns in groups of {} with {} scales are none that can be stored",
                                               packed.columns, packed.group_columns, packed.group_scales.size()));
  }
  const PackedShape shape = ShapeOfPacked(packed.rows, packed.columns, packed.by_input, packed.group_columns);
  TernaryMatrix matrix;
  matrix.group_columns = packed.group_columns;
  matrix.rows = packed.rows;
  matrix.columns = packed.columns;
  matrix.by_input = packed.by_input;
  matrix.blocks = shape.run_bytes / kernels::kTernaryBlockBytes;
  matrix.scale = packed.scale;
  if (packed.codes.size() != shape.bytes() || !ScalesFit(packed, matrix)) {
    return Status::InvalidArgument(
        fmt::format("{} bytes of codes, {} group scales and {} row scales do not fit {} x {}", packed.codes.size(),
                    packed.group_scales.size(), packed.row_scales.size(), packed.rows, packed.columns));
  }
  STERNA_ASSIGN_OR_RETURN(matrix.group_scales, CopyScales(packed.group_scales, arena));
  STERNA_ASSIGN_OR_RETURN(matrix.row_scales, CopyScales(packed.row_scales, arena));
  if (matrix.row_scales != nullptr) matrix.scale = 1;
  return matrix;
}

Result<TernaryMatrix> TakePacked(const PackedTernary& packed, bool copy, WeightArena& arena,
                                 platform::ThreadPool& pool) {
  STERNA_ASSIGN_OR_RETURN(TernaryMatrix matrix, DescribePacked(packed, arena));
  if (copy || !IsAligned(packed.codes)) {
    STERNA_ASSIGN_OR_RETURN(matrix.codes, CopyCodes(packed.codes, arena, pool));
  } else {
    matrix.codes = reinterpret_cast<const uint8_t*>(packed.codes.data());
  }
  return matrix;
}

}  // namespace sterna::backend
