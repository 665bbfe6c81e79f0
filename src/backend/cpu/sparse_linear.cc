// SPDX-License-Identifier: Apache-2.0
//
// Products that leave out what is multiplied by zero. In a step of one row, only the `up` rows with an open gate and
// only the inputs of `down` that are not zero are read; the integer sums, and so every bit, stay the same.
#include <algorithm>
#include <array>
#include <numeric>

#include "backend/cpu/cpu_backend_impl.h"
#include "base/check.h"
#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr size_t kPieceItems = 2;         // work items' bytes in a piece: each piece starts with a cold list
constexpr size_t kInputGroup = 8;         // inputs that the kernels take together
constexpr size_t kReducedOutputs = 1024;  // of a piece of the reduction
constexpr size_t kBatchRows = 64;         // activation rows of a piece where there are many

size_t ListedPerPiece(uint32_t work_item_bytes, size_t item_bytes) {
  return std::max(kInputGroup, kPieceItems * work_item_bytes / item_bytes / kInputGroup * kInputGroup);
}

// out[o] = float(sum over the rows) * factor for outputs first .. end - 1; leaves the sums zero for the next product.
void Reduce(std::span<int32_t> sums, size_t stride, size_t first, size_t end, float factor, float* out) {
  int32_t* const total = sums.data();
  for (size_t row = stride; row < sums.size(); row += stride) {
    int32_t* const other = sums.data() + row;
    for (size_t o = first; o < end; ++o) {
      total[o] += other[o];
      other[o] = 0;
    }
  }
  for (size_t o = first; o < end; ++o) {
    out[o] = float(total[o]) * factor;
    total[o] = 0;
  }
}

}  // namespace

Status CpuBackendImpl::AllocateSparse() {
  size_t widest = 0;
  for (const FloatSlot& slot : slots_) widest = std::max<size_t>(widest, slot.columns());
  for (const Int8Slot& slot : int8_slots_) widest = std::max<size_t>(widest, slot.columns());
  STERNA_ASSIGN_OR_RETURN(listed_, AlignedBuffer::Create(widest * sizeof(uint32_t)));
  column_sums_stride_ = 0;
  for (const TernaryMatrix& w : ternary_) {
    if (w.by_input) column_sums_stride_ = std::max(column_sums_stride_, w.blocks * kernels::kTernaryBlockColumns);
  }
  // Zero at first, and again after each product.
  const size_t sums = pool_.thread_count() * column_sums_stride_;
  STERNA_ASSIGN_OR_RETURN(column_sums_, AlignedBuffer::Create(sums * sizeof(int32_t)));
  return {};
}

void CpuBackendImpl::GatedLinear(Activation kind, TernaryId gate, TernaryId up, Int8Id in, SlotId out, SlotId scratch) {
  FloatSlot& g = slot(out);
  const bool skip = work_.options().skip_zeros && kind == Activation::kRelu2 && rows() == 1 && matrix(up).one_scale();
  if (skip) {
    Linear(std::array{gate}, in, std::array{out});
    const size_t open = kernels_.list_positive(g.Row(0), g.columns(), listed_.as<uint32_t>().data());
    work_.counters().gates += g.columns();
    work_.counters().zero_gates += g.columns() - open;
    ListedLinear(matrix(up), in, open, scratch);
  } else {
    Linear(std::array{gate, up}, in, std::array{out, scratch});
  }
  // Where a gate is closed, the result is 0 whatever the scratch slot holds.
  Gate(kind, out, scratch);
}

// The first `listed` rows of listed_ for the step's one row.
void CpuBackendImpl::ListedLinear(const TernaryMatrix& w, Int8Id in, size_t listed, SlotId out) {
  STERNA_DCHECK(rows() == 1 && !w.by_input && w.columns == slot(in).columns() && w.rows == slot(out).columns());
  const kernels::Int8Rows x = slot(in).Rows(0, 1);
  const uint32_t* const list = listed_.as<uint32_t>().data();
  const size_t piece_rows = ListedPerPiece(work_.options().work_item_bytes, w.held_row_bytes());
  work_.counters().weight_bytes_read += listed * w.held_row_bytes();
  work_.counters().multiply_adds += uint64_t{listed} * w.columns;
  work_.Run(uint64_t{listed} * w.columns, CeilDiv(listed, piece_rows), [&](size_t piece, uint32_t) {
    const size_t first = piece * piece_rows, count = std::min(piece_rows, listed - first);
    float* const y = slot(out).Row(0);
    if (w.values != nullptr) return Int8ListedRows({w.values, w.padded_columns()}, w.scale, x, list + first, count, y);
    kernels_.ternary_listed_rows(w.Rows(0, w.rows), x, list + first, count, y);
  });
}

void CpuBackendImpl::LinearByInput(const TernaryMatrix& w, Int8Id in, SlotId out) {
  STERNA_DCHECK(w.columns == slot(in).columns() && w.rows == slot(out).columns());
  if (rows() == 1) return SparseLinear(w, in, out);
  FloatSlot& y = slot(out);
  const kernels::TernaryColumns columns = w.Columns();
  work_.counters().weight_bytes_read += columns.inputs * w.row_bytes();
  work_.counters().multiply_adds += uint64_t{w.rows} * w.columns * rows();
  const bool with_scratch = UseTernaryScratch();
  const size_t piece_rows = with_scratch ? kernels_.ternary_scratch.most_tokens : kBatchRows;
  const size_t runs = CeilDiv(rows(), piece_rows);
  const size_t outputs = with_scratch ? work_.WeightRowsWithScratch(w.rows, runs) : kernels::kTernaryBlockColumns;
  const size_t blocks = CeilDiv(outputs, kernels::kTernaryBlockColumns);
  work_.Run(uint64_t{w.rows} * w.columns * rows(), CeilDiv(w.blocks, blocks) * runs,
            [&](size_t piece, uint32_t worker) {
              const size_t block = piece / runs * blocks, first = piece % runs * piece_rows;
              kernels::Int8Rows part = slot(in).Rows(first, std::min(piece_rows, rows() - first));
              if (with_scratch) part.scratch = ternary_scratch_.data() + worker * ternary_scratch_stride_;
              kernels_.ternary_columns_linear(columns, block, std::min(blocks, w.blocks - block), part, y.Row(first),
                                              y.stride());
            });
}

// Pieces are runs of inputs; each worker adds them up in a row of its own.
void CpuBackendImpl::SparseLinear(const TernaryMatrix& w, Int8Id in, SlotId out) {
  const kernels::Int8Rows x = slot(in).Rows(0, 1);
  const std::span<uint32_t> list = listed_.as<uint32_t>().first(w.columns);
  size_t listed = w.columns;
  if (work_.options().skip_zeros) {
    listed = kernels_.list_nonzero(x.values, w.columns, list.data());
    work_.counters().sparse_inputs += w.columns;
    work_.counters().zero_sparse_inputs += w.columns - listed;
  } else {
    std::iota(list.begin(), list.end(), 0u);
  }
  work_.counters().weight_bytes_read += listed * w.row_bytes();
  work_.counters().multiply_adds += uint64_t{listed} * w.rows;
  const kernels::TernaryColumns columns = w.Columns();
  const std::span<int32_t> sums = column_sums_.as<int32_t>();
  const size_t piece_inputs = ListedPerPiece(work_.options().work_item_bytes, w.row_bytes());
  work_.Run(uint64_t{listed} * w.rows, CeilDiv(listed, piece_inputs), [&](size_t piece, uint32_t worker) {
    const size_t first = piece * piece_inputs;
    kernels_.ternary_columns_add(columns, x.values, list.data() + first, std::min(piece_inputs, listed - first),
                                 sums.data() + worker * column_sums_stride_);
  });
  const float factor = w.scale / x.scales[0];
  float* const y = slot(out).Row(0);
  work_.Run(uint64_t{pool_.thread_count()} * w.rows, CeilDiv(w.rows, kReducedOutputs), [&](size_t piece, uint32_t) {
    const size_t first = piece * kReducedOutputs;
    Reduce(sums, column_sums_stride_, first, std::min(first + kReducedOutputs, w.rows), factor, y);
  });
}

}  // namespace sterna::backend
