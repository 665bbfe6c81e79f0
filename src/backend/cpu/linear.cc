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
  if (weights.size() == 1 && matrix(weights[0]).by_input) return LinearByInput(matrix(weights[0]), in, outs[0]);
  const kernels::Int8Rows x = slot(in).Rows(rows());
  const auto piece_rows = [&](const TernaryMatrix& w) { return work_.WeightRowsPerPiece(w.row_bytes()); };
  size_t pieces = 0;
  uint64_t cost = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const TernaryMatrix& w = matrix(weights[i]);
    STERNA_DCHECK(!w.by_input && w.columns == slot(in).columns() && w.rows == slot(outs[i]).columns());
    pieces += CeilDiv(w.rows, piece_rows(w));
    cost += uint64_t{w.rows} * w.columns * rows();
    work_.counters().weight_bytes_read += w.rows * w.row_bytes();
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

void CpuBackendImpl::Head(DenseId head, SlotId in, VectorId gain, float eps) {
  const DenseMatrix& w = matrix(head);
  const Vector& weight = vectors_[size_t(gain)];
  FloatSlot& x = slot(in);
  const size_t outputs = batch_.output_rows.size();
  STERNA_DCHECK(w.rows.columns == x.columns() && weight.count == x.columns());
  vocabulary_ = w.rows.rows;
  if (outputs == 0) return;
  work_.RunRows(outputs, x.columns(), [&](size_t i, uint32_t) {
    kernels_.rms_norm(x.Row(batch_.output_rows[i]), weight.values, x.columns(), eps, head_input_.Row(i));
  });

  const kernels::FloatRows normed = {head_input_.Row(0), outputs, head_input_.stride()};
  const size_t piece_rows = work_.WeightRowsPerPiece(w.rows.row_bytes);
  const uint64_t cost = uint64_t{w.rows.rows} * w.rows.columns * outputs;
  work_.counters().weight_bytes_read += uint64_t{w.rows.rows} * w.rows.row_bytes;
  work_.Run(cost, CeilDiv(w.rows.rows, piece_rows), [&](size_t piece, uint32_t) {
    const size_t first = piece * piece_rows;
    kernels::DenseRows part = w.rows;
    part.data += first * part.row_bytes;
    part.rows = std::min(piece_rows, w.rows.rows - first);
    kernels_.dense_linear[w.type](part, normed, logits_.Row(0) + first, logits_.stride());
  });
}

}  // namespace sterna::backend
