// SPDX-License-Identifier: Apache-2.0
//
// Matrix products. Each piece of work is a run of weight rows for every row of the step, so that weights are read once;
// with kernels that make tables of activations, many weight rows for a few rows of the step, so that those are made
// once.
#include <algorithm>
#include <array>

#include "backend/cpu/cpu_backend_impl.h"
#include "backend/cpu/fine_groups.h"
#include "base/check.h"
#include "base/checked_math.h"

namespace sterna::backend {

bool CpuBackendImpl::UseTernaryScratch() const {
  return kernels_.ternary_scratch.bytes > 0 && rows() >= kernels_.ternary_scratch.least_tokens;
}

CpuBackendImpl::Product CpuBackendImpl::ProductOf(TernaryId id) {
  const TernaryMatrix& w = matrix(id);
  if (w.values != nullptr) return {&w, {w.values, w.padded_columns()}};
  const bool many_rows = rows() > work_.options().decode_rows;
  if (!many_rows || !work_.options().unpack.cache || stream_) return {&w, {}};
  return {&w, unpacked_.Take(size_t(id), w, work_)};
}

CpuBackendImpl::LinearCut CpuBackendImpl::Cut(const Product& product) const {
  const TernaryMatrix& w = *product.w;
  LinearCut cut;
  cut.with_scratch = w.group_scales == nullptr && product.values.values == nullptr && UseTernaryScratch();
  cut.step_rows = cut.with_scratch ? kernels_.ternary_scratch.most_tokens : rows();
  cut.runs = CeilDiv(rows(), cut.step_rows);
  cut.weight_rows =
      cut.with_scratch ? work_.WeightRowsWithScratch(w.rows, cut.runs) : work_.WeightRowsPerPiece(product.row_bytes());
  cut.pieces = cut.runs * CeilDiv(w.rows, cut.weight_rows);
  return cut;
}

void CpuBackendImpl::Linear(std::span<const TernaryId> weights, Int8Id in, std::span<const SlotId> outs) {
  STERNA_DCHECK(weights.size() == outs.size());
  if (rows() == 0) return;
  if (weights.size() == 1 && matrix(weights[0]).by_input) return LinearByInput(matrix(weights[0]), in, outs[0]);
  STERNA_DCHECK(weights.size() <= kMostProducts);
  std::array<Product, kMostProducts> products;
  size_t pieces = 0;
  uint64_t cost = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    products[i] = ProductOf(weights[i]);
    const TernaryMatrix& w = *products[i].w;
    STERNA_DCHECK(!w.by_input && w.columns == slot(in).columns() && w.rows == slot(outs[i]).columns());
    pieces += Cut(products[i]).pieces;
    cost += uint64_t{w.rows} * w.columns * rows();
    work_.counters().weight_bytes_read += w.rows * products[i].row_bytes();
  }
  work_.counters().multiply_adds += cost;
  // One loop over the pieces of all matrices: one wake-up, and no thread waits at the end of each matrix.
  work_.Run(cost, pieces, [&](size_t piece, uint32_t worker) {
    size_t i = 0;
    for (; piece >= Cut(products[i]).pieces; ++i) piece -= Cut(products[i]).pieces;
    LinearPiece(products[i], slot(in), slot(outs[i]), piece, worker);
  });
}

size_t CpuBackendImpl::DensePieces(const DenseMatrix& w) const {
  return CeilDiv(w.rows.rows, work_.WeightRowsPerPiece(w.rows.row_bytes));
}

void CpuBackendImpl::DensePiece(const DenseMatrix& w, const kernels::FloatRows& x, size_t piece, float* out,
                                size_t out_stride) const {
  const size_t piece_rows = work_.WeightRowsPerPiece(w.rows.row_bytes), first = piece * piece_rows;
  kernels::DenseRows part = w.rows;
  part.data += first * part.row_bytes;
  part.rows = std::min(piece_rows, part.rows - first);
  kernels_.dense_linear[w.type](part, x, out + first, out_stride);
}

void CpuBackendImpl::DenseLinear(std::span<const DenseId> weights, SlotId in, std::span<const SlotId> outs) {
  STERNA_DCHECK(weights.size() == outs.size());
  if (rows() == 0) return;
  size_t pieces = 0;
  uint64_t cost = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const kernels::DenseRows& w = matrix(weights[i]).rows;
    STERNA_DCHECK(w.columns == slot(in).columns() && w.rows == slot(outs[i]).columns());
    pieces += DensePieces(matrix(weights[i]));
    cost += uint64_t{w.rows} * w.columns * rows();
    work_.counters().weight_bytes_read += w.rows * w.row_bytes;
  }
  work_.counters().multiply_adds += cost;
  const kernels::FloatRows x = {slot(in).Row(0), rows(), slot(in).stride()};
  work_.Run(cost, pieces, [&](size_t piece, uint32_t) {
    size_t i = 0;
    for (; piece >= DensePieces(matrix(weights[i])); ++i) piece -= DensePieces(matrix(weights[i]));
    DensePiece(matrix(weights[i]), x, piece, slot(outs[i]).Row(0), slot(outs[i]).stride());
  });
}

void CpuBackendImpl::Multiply(const Product& product, size_t first, size_t count, const kernels::Int8Rows& x,
                              float* out, size_t out_stride) const {
  const TernaryMatrix& w = *product.w;
  if (product.values.values != nullptr) return Int8Linear(product.values, w.scale, first, count, x, out, out_stride);
  const auto packed = w.group_scales == nullptr ? kernels_.ternary_linear : kernels_.ternary_group_linear;
  packed(w.Rows(first, count), x, out, out_stride);
}

void CpuBackendImpl::LinearPiece(const Product& product, const Int8Slot& in, FloatSlot& out, size_t piece,
                                 uint32_t worker) {
  const TernaryMatrix& w = *product.w;
  const LinearCut cut = Cut(product);
  const size_t step_row = piece % cut.runs * cut.step_rows, weight_row = piece / cut.runs * cut.weight_rows;
  kernels::Int8Rows x = in.Rows(step_row, std::min(cut.step_rows, rows() - step_row));
  if (cut.with_scratch) x.scratch = ternary_scratch_.data() + worker * ternary_scratch_stride_;
  const size_t count = std::min(cut.weight_rows, w.rows - weight_row);
  if (w.fine_groups()) {
    return FineGroupLinear(kernels_, w, weight_row, count, x, out.Row(step_row) + weight_row, out.stride());
  }
  Multiply(product, weight_row, count, x, out.Row(step_row) + weight_row, out.stride());
  if (w.row_scales == nullptr) return;
  for (size_t t = 0; t < x.count; ++t) {
    float* const y = out.Row(step_row + t) + weight_row;
    for (size_t r = 0; r < count; ++r) y[r] *= w.row_scales[weight_row + r];
  }
}

}  // namespace sterna::backend
