// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/streamed_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/cpu/packed_weights.h"
#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {

Result<TernaryMatrix> StreamedWeights::AddTernary(size_t index, const quant::TernarySource& source, float scale_factor,
                                                  WeightArena& scales) {
  STERNA_ASSIGN_OR_RETURN(TernaryMatrix matrix, DescribeTernary(source, scale_factor, scales));
  const uint64_t size_bytes = matrix.rows * matrix.row_bytes();
  if (HoldsKernelCodes(source)) {
    Add({true, index}, {source.bytes.first(size_bytes), std::nullopt, matrix}, size_bytes);
  } else {
    Add({true, index}, {source.bytes, source, matrix}, size_bytes);
  }
  return matrix;
}

Result<TernaryMatrix> StreamedWeights::AddPacked(size_t index, const PackedTernary& packed, WeightArena& scales) {
  STERNA_ASSIGN_OR_RETURN(TernaryMatrix matrix, DescribePacked(packed, scales));
  Add({true, index}, {packed.codes, std::nullopt, matrix}, packed.codes.size());
  return matrix;
}

void StreamedWeights::AddDense(size_t index, std::span<const std::byte> bytes) {
  Add({false, index}, {bytes, std::nullopt, {}}, bytes.size());
}

void StreamedWeights::Add(Place place, Filling filling, uint64_t size_bytes) {
  if (layers_.empty()) AddLayer();
  LayerParts& layer = layers_.back();
  place.offset_bytes = filling.offset_bytes = layer.size_bytes;
  layer.places.push_back(place);
  layer.fillings.push_back(std::move(filling));
  layer.size_bytes = RoundUp<uint64_t>(layer.size_bytes + size_bytes, AlignedBuffer::kAlignment);
}

void StreamedWeights::AddHead(std::span<const std::byte> bytes, size_t row_bytes) {
  head_ = bytes;
  head_row_bytes_ = row_bytes;
}

uint64_t StreamedWeights::SlotBytes() const {
  uint64_t bytes = RoundUp<uint64_t>(head_row_bytes_, AlignedBuffer::kAlignment);
  for (const LayerParts& layer : layers_) bytes = std::max(bytes, layer.size_bytes);
  return bytes;
}

Status StreamedWeights::Prepare(uint64_t room_bytes) {
  slot_bytes_ = SlotBytes();
  if (!head_.empty()) {
    head_part_rows_ = slot_bytes_ / head_row_bytes_;
    head_parts_ = CeilDiv(head_.size() / head_row_bytes_, head_part_rows_);
  }
  const size_t parts = layers_.size() + head_parts_;
  if (parts == 0 || slot_bytes_ == 0) return Status::InvalidArgument("a model without layers cannot be streamed");
  STERNA_RETURN_IF_ERROR(TakeScratch());
  const uint64_t least_slots = std::min<uint64_t>(parts, 2);
  const uint64_t room = room_bytes > size_bytes() ? room_bytes - size_bytes() : 0;
  if (room / slot_bytes_ < least_slots) {
    return Status::ResourceExhausted(
        fmt::format("{:.1f} MB are left for the smallest window that weights can be streamed through, {} layers of "
                    "{:.1f} MB",
                    double(room) / 1e6, least_slots, double(slot_bytes_) / 1e6));
  }
  const uint64_t wanted = std::clamp<uint64_t>(options_.window_bytes / slot_bytes_, least_slots, parts);
  const uint64_t slots = std::min(wanted, room / slot_bytes_);
  STERNA_ASSIGN_OR_RETURN(window_bytes_, AlignedBuffer::Create(slots * slot_bytes_));
  STERNA_ASSIGN_OR_RETURN(window_,
                          memory::StreamWindow::Create({parts, slots, options_.eviction, options_.preload},
                                                       [this](size_t part, size_t slot) { return Load(part, slot); }));
  return {};
}

Status StreamedWeights::TakeScratch() {
  size_t stored_bytes = 0, row_codes = 0;
  for (const LayerParts& layer : layers_) {
    for (const Filling& filling : layer.fillings) {
      if (!filling.source) continue;
      stored_bytes = std::max(stored_bytes, filling.bytes.size());
      row_codes = std::max(row_codes, filling.matrix.padded_columns());
    }
  }
  STERNA_ASSIGN_OR_RETURN(stored_, AlignedBuffer::Create(stored_bytes));
  STERNA_ASSIGN_OR_RETURN(row_codes_, AlignedBuffer::Create(row_codes));
  return {};
}

void StreamedWeights::BeginPass(bool with_head) { window_->BeginPass(layers_.size() + (with_head ? head_parts_ : 0)); }

void StreamedWeights::EndPass() { window_->EndPass(); }

Result<StreamedWeights::Layer> StreamedWeights::TakeLayer(size_t layer) {
  STERNA_ASSIGN_OR_RETURN(const size_t slot, window_->Acquire(layer));
  return Layer{Slot(slot), layers_[layer].places};
}

Result<StreamedWeights::HeadPart> StreamedWeights::TakeHead(size_t part) {
  STERNA_ASSIGN_OR_RETURN(const size_t slot, window_->Acquire(layers_.size() + part));
  const size_t first = part * head_part_rows_;
  const size_t rows = std::min(head_part_rows_, head_.size() / head_row_bytes_ - first);
  return HeadPart{reinterpret_cast<const uint8_t*>(Slot(slot)), first, rows};
}

Status StreamedWeights::Read(std::span<const std::byte> stored, std::byte* out) const {
  if (options_.read) return options_.read(stored, out);
  std::memcpy(out, stored.data(), stored.size());
  return {};
}

Result<uint64_t> StreamedWeights::Load(size_t part, size_t slot) {
  if (part >= layers_.size()) return LoadHead(part - layers_.size(), Slot(slot));
  uint64_t bytes = 0;
  for (const Filling& filling : layers_[part].fillings) {
    STERNA_RETURN_IF_ERROR(Fill(filling, Slot(slot) + filling.offset_bytes));
    bytes += filling.bytes.size();
  }
  return bytes;
}

Result<uint64_t> StreamedWeights::LoadHead(size_t part, std::byte* out) const {
  const size_t part_bytes = head_part_rows_ * head_row_bytes_, offset = part * part_bytes;
  const auto bytes = head_.subspan(offset, std::min(part_bytes, head_.size() - offset));
  STERNA_RETURN_IF_ERROR(Read(bytes, out));
  return uint64_t{bytes.size()};
}

Status StreamedWeights::Fill(const Filling& filling, std::byte* out) {
  if (!filling.source) return Read(filling.bytes, out);
  STERNA_RETURN_IF_ERROR(Read(filling.bytes, stored_.data()));
  quant::TernarySource source = *filling.source;
  source.bytes = {stored_.data(), filling.bytes.size()};
  constexpr uint8_t kPadding = 1;  // a weight of 0
  std::fill_n(row_codes_.as<uint8_t>().data(), filling.matrix.padded_columns(), kPadding);
  RepackRows(source, filling.matrix, 0, filling.matrix.rows, row_codes_.as<uint8_t>().data(),
             reinterpret_cast<uint8_t*>(out));
  return {};
}

void StreamedWeights::Limit(size_t slots) {
  window_->LimitSlots(slots, [this](size_t slot) { window_bytes_.GiveBack(slot * slot_bytes_, slot_bytes_); });
}

memory::StreamCounters StreamedWeights::counters() const {
  return window_ ? window_->counters() : memory::StreamCounters();
}

}  // namespace sterna::backend
