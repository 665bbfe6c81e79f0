// SPDX-License-Identifier: Apache-2.0
//
// Operations whose weights are not in memory but flow through a window (streamed_weights.h).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/cpu/cpu_backend_impl.h"
#include "base/check.h"
#include "base/status_macros.h"

namespace sterna::backend {

Status CpuBackendImpl::PrepareStream() {
  size_t row_bytes = 0;
  for (const DenseMatrix& dense : dense_) {
    if (!dense.linear && !dense.in_place) row_bytes = std::max(row_bytes, dense.rows.row_bytes);
  }
  STERNA_ASSIGN_OR_RETURN(stored_row_, AlignedBuffer::Create(row_bytes));
  const uint64_t held_bytes = Plan().TotalBytes();
  const Status status = stream_->Prepare(plan_limit_bytes_ > held_bytes ? plan_limit_bytes_ - held_bytes : 0);
  if (status.code() != StatusCode::kResourceExhausted) return status;
  return Status::ResourceExhausted(
      fmt::format("{} (biggest beside it: {}); a shorter --ctx, a smaller --kv type or fewer sessions leave more",
                  status.message(), Plan().Biggest(3)));
}

void CpuBackendImpl::UseWindow(WindowUse use) {
  if (!stream_) return;
  switch (use) {
    case WindowUse::kAll: stream_->KeepAll(); break;
    case WindowUse::kFilled: stream_->KeepFilled(); break;
    case WindowUse::kLeast: stream_->KeepTwo(); break;
  }
}

Status CpuBackendImpl::BeginLayer(uint32_t layer) {
  if (!stream_) return {};
  STERNA_ASSIGN_OR_RETURN(const StreamedWeights::Layer taken, stream_->TakeLayer(layer));
  for (const StreamedWeights::Place& place : taken.places) {
    const auto* const data = reinterpret_cast<const uint8_t*>(taken.data + place.offset_bytes);
    (place.ternary ? ternary_[place.index].codes : dense_[place.index].rows.data) = data;
  }
  return {};
}

// A row is little beside the layers that follow: one after the other, on the caller's thread.
void CpuBackendImpl::EmbedStored(const DenseMatrix& embedding, float factor, FloatSlot& out) {
  const std::span<const std::byte> stored = embedding.stored();
  const size_t row_bytes = embedding.rows.row_bytes;
  for (size_t row = 0; row < rows(); ++row) {
    const auto token = size_t(batch_.tokens[row]);
    STERNA_DCHECK(token < embedding.rows.rows);
    Status status = stream_->Read(stored.subspan(token * row_bytes, row_bytes), stored_row_.data());
    if (!status.ok()) {
      step_status_ = std::move(status);
      return;
    }
    EmbedRow(embedding, stored_row_.as<uint8_t>().data(), factor, out, row);
  }
}

// Each row's logit comes from that row alone, so that cutting the head changes no bit.
void CpuBackendImpl::StreamedHead(const DenseMatrix& head, size_t first, size_t count) {
  for (size_t i = 0; i < stream_->head_parts(); ++i) {
    const Result<StreamedWeights::HeadPart> part = stream_->TakeHead(i);
    if (!part.ok()) {
      step_status_ = part.status();
      return;
    }
    DenseMatrix rows = head;
    rows.rows.data = part->data;
    rows.rows.rows = part->rows;
    HeadRows(rows, first, count, part->first_row);
  }
}

}  // namespace sterna::backend
