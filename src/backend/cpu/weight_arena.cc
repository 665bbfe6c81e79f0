// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/weight_arena.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr uint64_t kSmallestSlabBytes = 64 << 10;
constexpr uint64_t kLargestSlabBytes = 64 << 20;

}  // namespace

Result<std::byte*> WeightArena::Take(uint64_t size_bytes) {
  const auto rounded = CheckedRoundUp<uint64_t>(size_bytes, placement_.alignment_bytes);
  if (!rounded) return Status::ResourceExhausted(fmt::format("weights of {} B fit no address space", size_bytes));
  if (slabs_.empty() || slabs_.back().size() - used_in_last_bytes_ < *rounded) {
    const uint64_t slab_bytes = std::max(*rounded, std::clamp(taken_bytes_, kSmallestSlabBytes, kLargestSlabBytes));
    STERNA_ASSIGN_OR_RETURN(AlignedBuffer slab, AlignedBuffer::Create(slab_bytes, placement_));
    if (!slabs_.empty()) {
      const uint64_t left_bytes = slabs_.back().size() - used_in_last_bytes_;
      left_bytes_ += left_bytes;
      largest_left_bytes_ = std::max(largest_left_bytes_, left_bytes);
    }
    slabs_.push_back(std::move(slab));
    used_in_last_bytes_ = 0;
  }
  std::byte* const start = slabs_.back().data() + used_in_last_bytes_;
  used_in_last_bytes_ += *rounded;
  taken_bytes_ += *rounded;
  return start;
}

memory::PoolUse WeightArena::use() const {
  const uint64_t rest_bytes = slabs_.empty() ? 0 : slabs_.back().size() - used_in_last_bytes_;
  const uint64_t free_bytes = left_bytes_ + rest_bytes;
  return {taken_bytes_ + free_bytes, taken_bytes_, free_bytes, std::max(largest_left_bytes_, rest_bytes)};
}

}  // namespace sterna::backend
