// SPDX-License-Identifier: Apache-2.0
//
// Matrix products: each piece of work is a run of weight rows for every row of the step, so that weights are read once.
#include <algorithm>

#include "backend/cpu/cpu_backend_impl.h"
#include "base/check.h"
#include "base/checked_math.h"

namespace sterna::backend {

void CpuBackendImpl::Linear(std::span<const TernaryId> weights, Int8Id in, std::span<const SlotId> outs) {
  STERNA_DCHECK(weights.size() == outs.size());
  if (rows() == 0) return;
  const kernels::Int8Rows x = slot(in).Rows(rows());
  const auto piece_rows = [&](const TernaryMatrix& w) { return work_.WeightRowsPerPiece(w.row_bytes()); };
  size_t pieces = 0;
  uint64_t cost = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const TernaryMatrix& w = matrix(weights[i]);
    STERNA_DCHECK(w.columns == slot(in).columns() && w.rows == slot(outs[i]).columns());
    pieces += CeilDiv(w.rows, piece_rows(w));
    cost += uint64_t{w.rows} * w.columns * rows();
  }
  // One loop over the pieces of all matrices: one wake-up, and no thread waits at the end of each matrix.
  work_.Run(cost, pieces, [&](size_t piece, uint32_t) {
    size_t i = 0;
    for (size_t count; piece >= (count = CeilDiv(matrix(weights[i]).rows, piece_rows(matrix(weights[i])))); ++i) {
      piece -= count;
    }
    const TernaryMatrix& w = matrix(weights[i]);
    FloatSlot& y = slot(outs[i]);
    const size_t first = piece * piece_rows(w);
    const kernels::TernaryRows part = w.Rows(first, std::min(piece_rows(w), w.rows - first));
    const auto product = w.group_scales == nullptr ? kernels_.ternary_linear : kernels_.ternary_group_linear;
    product(part, x, y.Row(0) + first, y.stride());
  });
}

}  // namespace sterna::backend
