// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/cpu/weight_arena.h"
#include "kernels/table.h"
#include "platform/thread_pool.h"
#include "quant/ternary.h"
#include "sterna/status.h"

namespace sterna::backend {

// A ternary matrix in one of the kernels' two layouts (kernels/table.h). The bytes belong to the arena.
struct TernaryMatrix {
  size_t rows = 0;
  size_t columns = 0;
  bool by_input = false;  // stored by input (TernaryColumns) instead of by row
  size_t blocks = 0;      // by row: 128-column blocks of a row; by input: 128-output blocks of an input
  float scale = 0;
  const uint8_t* codes = nullptr;
  const int8_t* values = nullptr;       // in place of codes: -1, 0, 1, [rows][padded_columns()], stored by row
  const float* group_scales = nullptr;  // [rows][columns / group_columns] where scales differ inside rows; else null
  uint32_t group_columns = kernels::kTernaryGroupColumns;
  const float* row_scales = nullptr;  // [rows] where they differ from row to row; `scale` is 1 then

  // Groups of 64 or 128 columns: codes lie as [blocks][rows], a block for each group and, where that is half of its 128
  // columns, zeros in the other half.
  bool fine_groups() const { return group_scales != nullptr && group_columns < kernels::kTernaryGroupColumns; }
  bool one_scale() const { return group_scales == nullptr && row_scales == nullptr; }

  size_t padded_columns() const { return blocks * kernels::kTernaryBlockColumns; }  // stored by row
  size_t row_bytes() const { return blocks * kernels::kTernaryBlockBytes; }         // of a row, or of an input
  size_t held_row_bytes() const { return values != nullptr ? padded_columns() : row_bytes(); }
  kernels::TernaryRows Rows(size_t first, size_t count) const;  // stored by row
  kernels::TernaryColumns Columns() const;                      // stored by input
};

// The scale of a matrix whose scales are uniform, times the factor. Corrupt when that is not finite.
Result<float> MatrixScale(const quant::TernaryScales& scales, float scale_factor);

// Checks `source` (quant::InspectTernary) and says what its matrix will be like, with scales in the arena but no codes.
// Every value is multiplied by `scale_factor`. Corrupt when a scale times the factor is not finite.
Result<TernaryMatrix> DescribeTernary(const quant::TernarySource& source, float scale_factor, WeightArena& arena);

// Whether the stored bytes begin with the codes of the kernels' layout, and are to be copied as they are.
bool HoldsKernelCodes(const quant::TernarySource& source);

// Rows first .. end - 1 of `source` into the kernels' layout at `out`, where the whole matrix's codes belong.
// `row_codes` is scratch: a byte for each padded column, 1 at first.
void RepackRows(const quant::TernarySource& source, const TernaryMatrix& matrix, size_t first, size_t end,
                uint8_t* row_codes, uint8_t* out);

// Checks `source` (quant::InspectTernary) and copies it into the kernels' layout, rows shared out over `pool`. Every
// value is multiplied by `scale_factor`. Corrupt when a scale times the factor is not finite.
Result<TernaryMatrix> RepackTernary(const quant::TernarySource& source, float scale_factor, WeightArena& arena,
                                    platform::ThreadPool& pool);

// The same by input, except that a matrix with more than one scale stays stored by row.
Result<TernaryMatrix> RepackTernaryByInput(const quant::TernarySource& source, float scale_factor, WeightArena& arena,
                                           platform::ThreadPool& pool);

}  // namespace sterna::backend
