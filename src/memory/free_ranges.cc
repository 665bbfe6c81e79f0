// SPDX-License-Identifier: Apache-2.0
#include "memory/free_ranges.h"

#include "base/checked_math.h"

namespace sterna::memory {
namespace {

size_t GapTo(const std::byte* place, size_t alignment) {
  const auto address = reinterpret_cast<uintptr_t>(place);
  return RoundUp<uintptr_t>(address, alignment) - address;
}

}  // namespace

void FreeRanges::AddChunk(std::byte* begin, size_t bytes) {
  chunks_.insert(begin);
  Add(begin, bytes);
}

bool FreeRanges::RemoveChunk(std::byte* begin, size_t bytes) {
  const auto whole = by_place_.find(begin);
  if (whole == by_place_.end() || whole->second != bytes) return false;
  Remove(whole);
  chunks_.erase(begin);
  return true;
}

std::byte* FreeRanges::Take(size_t bytes, size_t alignment) {
  for (auto fit = by_size_.lower_bound({bytes, nullptr}); fit != by_size_.end(); ++fit) {
    const auto [range_bytes, begin] = *fit;
    const size_t gap = GapTo(begin, alignment);
    if (range_bytes < gap + bytes) continue;
    Remove(by_place_.find(begin));
    if (gap > 0) Add(begin, gap);
    if (range_bytes > gap + bytes) Add(begin + gap + bytes, range_bytes - gap - bytes);
    return begin + gap;
  }
  return nullptr;
}

void FreeRanges::Return(std::byte* begin, size_t bytes) {
  auto next = by_place_.lower_bound(begin);
  if (next != by_place_.begin() && !IsChunkBegin(begin)) {
    const auto before = std::prev(next);
    if (before->first + before->second == begin) {
      begin = before->first;
      bytes += before->second;
      Remove(before);
    }
  }
  next = by_place_.lower_bound(begin);
  if (next != by_place_.end() && next->first == begin + bytes && !IsChunkBegin(next->first)) {
    bytes += next->second;
    Remove(next);
  }
  Add(begin, bytes);
}

void FreeRanges::Add(std::byte* begin, size_t bytes) {
  by_place_.emplace(begin, bytes);
  by_size_.emplace(bytes, begin);
  free_bytes_ += bytes;
}

void FreeRanges::Remove(ByPlace::iterator range) {
  free_bytes_ -= range->second;
  by_size_.erase({range->second, range->first});
  by_place_.erase(range);
}

}  // namespace sterna::memory
