// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/ternary_weights.h"
#include "backend/packed_ternary.h"
#include "memory/stream_window.h"
#include "platform/aligned_buffer.h"

namespace sterna::backend {

// The weights of a model that is larger than its memory. Layers, and the head cut into parts as large as a layer, flow
// through the slots of a window in the order of the forward pass; what lies in a slot is what the kernels multiply
// from. Scales stay in memory. One caller at a time; the window reads on a thread of its own.
class StreamedWeights {
 public:
  // Where a layer's matrix lies in the layer's slot.
  struct Place {
    bool ternary = false;  // else dense
    size_t index = 0;      // of the ternary or the dense matrix
    uint64_t offset_bytes = 0;
  };
  struct Layer {
    const std::byte* data = nullptr;
    std::span<const Place> places;
  };
  struct HeadPart {
    const uint8_t* data = nullptr;
    size_t first_row = 0, rows = 0;
  };

  explicit StreamedWeights(const StreamOptions& options) : options_(options) {}

  // What is added next belongs to the next layer.
  void AddLayer() { layers_.emplace_back(); }
  // The matrix without codes; `index` is its place among those of its kind. Errors as DescribeTernary, DescribePacked.
  Result<TernaryMatrix> AddTernary(size_t index, const quant::TernarySource& source, float scale_factor,
                                   WeightArena& scales);
  Result<TernaryMatrix> AddPacked(size_t index, const PackedTernary& packed, WeightArena& scales);
  void AddDense(size_t index, std::span<const std::byte> bytes);
  // The head flows too: rows of `row_bytes`.
  void AddHead(std::span<const std::byte> bytes, size_t row_bytes);

  // Takes a window of as many slots as `room_bytes` has place for, no fewer than two and no more than there is use for.
  // ResourceExhausted when two do not fit; the message says how much they are.
  Status Prepare(uint64_t room_bytes);
  uint64_t size_bytes() const { return window_bytes_.size() + stored_.size() + row_codes_.size(); }

  // A pass over all layers, and the head with `with_head`.
  void BeginPass(bool with_head);
  // These wait. What they return stays until the next call. The error of reading the file.
  Result<Layer> TakeLayer(size_t layer);
  size_t head_parts() const { return head_parts_; }
  Result<HeadPart> TakeHead(size_t part);
  void EndPass();
  // Reads stored bytes that do not flow (a row of the embedding).
  Status Read(std::span<const std::byte> stored, std::byte* out) const;

  memory::StreamCounters counters() const;
  // Any thread, after Prepare: the window keeps to two slots, to those it has filled, or takes all again. Memory of the
  // others goes back to the system.
  void KeepTwo() { Limit(0); }
  void KeepFilled() { Limit(window_->touched_slots()); }
  void KeepAll() { Limit(SIZE_MAX); }

 private:
  // How a place in a slot is filled: bytes as they are stored, or a matrix that is repacked.
  struct Filling {
    std::span<const std::byte> bytes;
    std::optional<quant::TernarySource> source;  // its bytes lie in `bytes`
    TernaryMatrix matrix;
    uint64_t offset_bytes = 0;
  };
  struct LayerParts {
    std::vector<Place> places;
    std::vector<Filling> fillings;
    uint64_t size_bytes = 0;
  };

  void Add(Place place, Filling filling, uint64_t size_bytes);
  uint64_t SlotBytes() const;
  void Limit(size_t slots);
  Status TakeScratch();
  std::byte* Slot(size_t slot) { return window_bytes_.data() + slot * slot_bytes_; }
  Result<uint64_t> Load(size_t part, size_t slot);
  Result<uint64_t> LoadHead(size_t part, std::byte* out) const;
  Status Fill(const Filling& filling, std::byte* out);

  const StreamOptions options_;
  std::vector<LayerParts> layers_;
  std::span<const std::byte> head_;
  size_t head_row_bytes_ = 0, head_part_rows_ = 0, head_parts_ = 0;
  uint64_t slot_bytes_ = 0;
  AlignedBuffer window_bytes_;
  AlignedBuffer stored_, row_codes_;              // the window's thread's: a stored matrix, and a row of it
  std::unique_ptr<memory::StreamWindow> window_;  // last: its thread uses the rest
};

}  // namespace sterna::backend
