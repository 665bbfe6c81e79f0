// SPDX-License-Identifier: Apache-2.0
//
// Operations that treat each row on its own.
#include "backend/cpu/cpu_backend_impl.h"
#include "base/check.h"

namespace sterna::backend {

void CpuBackendImpl::EmbedRow(const DenseMatrix& embedding, const uint8_t* stored, float factor, FloatSlot& out,
                              size_t row) const {
  kernels_.decode_row[embedding.type](stored, out.columns(), out.Row(row));
  if (factor == 1.0f) return;
  for (float& value : std::span(out.Row(row), out.columns())) value *= factor;
}

void CpuBackendImpl::Embed(DenseId table, float factor, SlotId out) {
  const DenseMatrix& embedding = matrix(table);
  FloatSlot& y = slot(out);
  STERNA_DCHECK(y.columns() == embedding.rows.columns);
  if (!embedding.in_place) return EmbedStored(embedding, factor, y);
  work_.RunRows(rows(), y.columns(), [&](size_t row, uint32_t) {
    const auto token = size_t(batch_.tokens[row]);
    STERNA_DCHECK(token < embedding.rows.rows);
    EmbedRow(embedding, embedding.rows.data + token * embedding.rows.row_bytes, factor, y, row);
  });
}

void CpuBackendImpl::RmsNorm(SlotId in, VectorId gain, float eps, SlotId out) {
  FloatSlot& x = slot(in);
  FloatSlot& y = slot(out);
  const Vector& weight = vectors_[size_t(gain)];
  STERNA_DCHECK(x.columns() == y.columns() && x.columns() % weight.count == 0);
  work_.RunRows(rows(), x.columns(), [&](size_t row, uint32_t) {
    for (size_t at = 0; at < x.columns(); at += weight.count) {
      kernels_.rms_norm(x.Row(row) + at, weight.values, weight.count, eps, y.Row(row) + at);
    }
  });
}

void CpuBackendImpl::Quantize(SlotId in, Int8Id out, float largest) {
  FloatSlot& x = slot(in);
  Int8Slot& q = slot(out);
  STERNA_DCHECK(x.columns() == q.columns());
  work_.RunRows(rows(), x.columns(),
                [&](size_t row, uint32_t worker) { quantizer_.Quantize(kernels_, x, largest, q, row, worker); });
}

void CpuBackendImpl::Rope(RopeId table, RopeOrder order, SlotId x, uint32_t heads) {
  FloatSlot& values = slot(x);
  const RopeTable& rope = ropes_[size_t(table)];
  const auto turn = order == RopeOrder::kHalves ? kernels_.rope : kernels_.rope_pairs;
  STERNA_DCHECK(size_t{heads} * rope.head_dim() == values.columns());
  work_.RunRows(rows(), values.columns(), [&](size_t row, uint32_t) {
    const uint32_t position = batch_.positions[row];
    turn(values.Row(row), heads, rope.head_dim(), rope.rotary(), rope.Cosines(position), rope.Sines(position));
  });
}

void CpuBackendImpl::Gate(Activation kind, SlotId gate, SlotId up) {
  FloatSlot& g = slot(gate);
  FloatSlot& u = slot(up);
  STERNA_DCHECK(g.columns() == u.columns());
  const auto activation = kind == Activation::kRelu2  ? kernels_.relu2_mul
                          : kind == Activation::kSilu ? kernels_.silu_mul
                                                      : kernels_.gelu_mul;
  work_.RunRows(rows(), g.columns(), [&](size_t row, uint32_t) { activation(g.Row(row), u.Row(row), g.columns()); });
}

void CpuBackendImpl::Add(SlotId x, SlotId y) {
  FloatSlot& into = slot(x);
  FloatSlot& other = slot(y);
  STERNA_DCHECK(into.columns() == other.columns());
  work_.RunRows(rows(), into.columns(),
                [&](size_t row, uint32_t) { kernels_.add(into.Row(row), other.Row(row), into.columns()); });
}

}  // namespace sterna::backend
