// SPDX-License-Identifier: Apache-2.0
//
// The output head. Each output row is either computed whole, or asked of the screened head (screened_head.h).
#include <fmt/format.h>

#include "backend/cpu/cpu_backend_impl.h"
#include "base/check.h"
#include "base/status_macros.h"

namespace sterna::backend {

uint64_t HeadPlanesBytes(uint64_t rows, uint64_t columns) { return HeadPlanes::SizeBytes(rows, columns); }

Status CpuBackendImpl::AddHead(DenseId head) {
  DenseMatrix& w = dense_[size_t(head)];
  if (head_mode_ == HeadMode::kExact) {
    if (stream_) stream_->AddHead(w.stored(), w.rows.row_bytes);
    return {};
  }
  w.in_place = true;  // its rows are read here and there
  if (HeadPlanesBytes(w.rows.rows, w.rows.columns) == 0) {
    return Status::Unsupported(
        fmt::format("a head of {} columns cannot be screened ({} are the most); give --head exact", w.rows.columns,
                    HeadPlanes::kMaxColumns));
  }
  const HeadBound bound = head_mode_ == HeadMode::kCertified ? HeadBound::kCertified : HeadBound::kScreened;
  screened_id_ = head;
  if (work_.options().head_in_background) {
    STERNA_ASSIGN_OR_RETURN(const HeadPlanesMaker maker,
                            HeadPlanesMaker::Create(kernels_, w.type, w.rows, bound, head_arena_));
    screened_.emplace(kernels_, w.type, w.rows, maker.planes());
    return background_.emplace().Start(maker);
  }
  STERNA_ASSIGN_OR_RETURN(HeadPlanes planes, HeadPlanes::Make(kernels_, w.type, w.rows, bound, head_arena_, pool_));
  screened_.emplace(kernels_, w.type, w.rows, planes);
  return {};
}

void CpuBackendImpl::Head(DenseId head, SlotId in, VectorId gain, float eps) {
  const DenseMatrix& w = matrix(head);
  const Vector& weight = vectors_[size_t(gain)];
  FloatSlot& x = slot(in);
  const size_t outputs = batch_.output_rows.size();
  STERNA_DCHECK(w.rows.columns == x.columns() && weight.count == x.columns());
  STERNA_DCHECK(batch_.needs.empty() || batch_.needs.size() == outputs);
  logit_rows_.clear();
  if (outputs == 0) return;
  work_.RunRows(outputs, x.columns(), [&](size_t i, uint32_t) {
    kernels_.rms_norm(x.Row(batch_.output_rows[i]), weight.values, x.columns(), eps, head_input_.Row(i));
  });
  for (size_t i = 0; i < outputs; ++i) logit_rows_.push_back({true, {}, {logits_.Row(i), w.rows.rows}});
  work_.counters().head_outputs += outputs;
  ScreenHead(head);
  // Neighbouring outputs that are to be whole share each read of the weights.
  for (size_t first = 0; first < outputs; ++first) {
    size_t end = first;
    while (end < outputs && logit_rows_[end].all) ++end;
    if (end > first) WholeHead(w, first, end - first);
    first = end;
  }
}

bool CpuBackendImpl::IsScreened(DenseId head, size_t output) const {
  if (background_ && !background_->ready()) return false;
  return screened_ && screened_id_ == head && !batch_.needs.empty() && screened_->Answers(batch_.needs[output]);
}

void CpuBackendImpl::ScreenHead(DenseId head) {
  size_t count = 0;
  for (size_t i = 0; i < logit_rows_.size(); ++i) count += IsScreened(head, i) ? 1 : 0;
  if (count == 0 || count > ScreenedHead::kMaxOutputs) return;
  screened_outputs_.clear();
  for (size_t i = 0; i < logit_rows_.size(); ++i) {
    if (!IsScreened(head, i)) continue;
    screened_outputs_.push_back({head_input_.Row(i), batch_.needs[i], logits_.Row(i), false, {}, {}});
  }
  screened_->Find(screened_outputs_, work_);
  auto found = screened_outputs_.begin();
  for (size_t i = 0; i < logit_rows_.size(); ++i) {
    if (!IsScreened(head, i)) continue;
    if (!found->open) logit_rows_[i] = {false, found->ids, found->logits};
    ++found;
  }
}

// Logits of outputs first .. first + count - 1.
void CpuBackendImpl::WholeHead(const DenseMatrix& head, size_t first, size_t count) {
  const uint64_t bytes = uint64_t{head.rows.rows} * head.rows.row_bytes;
  work_.counters().head_whole += count;
  work_.counters().head_bytes += bytes;
  work_.counters().weight_bytes_read += bytes;
  if (head.in_place) {
    HeadRows(head, first, count, 0);
  } else {
    StreamedHead(head, first, count);
  }
}

// The rows of `head` are those of the logits from first_logit on.
void CpuBackendImpl::HeadRows(const DenseMatrix& head, size_t first, size_t count, size_t first_logit) {
  const kernels::FloatRows normed = {head_input_.Row(first), count, head_input_.stride()};
  const uint64_t cost = uint64_t{head.rows.rows} * head.rows.columns * count;
  work_.counters().multiply_adds += cost;
  work_.Run(cost, DensePieces(head), [&](size_t piece, uint32_t) {
    DensePiece(head, normed, piece, logits_.Row(first) + first_logit, logits_.stride());
  });
}

CpuBackendCounters CpuBackendImpl::Counters() const {
  CpuBackendCounters all = work_.counters();
  quantizer_.AddTo(all);
  if (screened_) {
    const ScreenedHeadCounters screened = screened_->counters();
    all.head_refined_rows = screened.refined_rows;
    all.head_exact_rows = screened.exact_rows;
    all.head_bytes += screened.bytes;
    all.weight_bytes_read += screened.bytes;
    all.multiply_adds += screened.multiply_adds;
  }
  if (stream_) all.stream = stream_->counters();
  return all;
}

LogitRow CpuBackendImpl::Logits(uint32_t output_index) {
  STERNA_DCHECK(output_index < logit_rows_.size());
  return logit_rows_[output_index];
}

}  // namespace sterna::backend
