// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace sterna::memory {

// The free stretches of some chunks of memory. The smallest that is large enough is taken from, and neighbours of one
// chunk join again. Not thread-safe.
class FreeRanges {
 public:
  void AddChunk(std::byte* begin, size_t bytes);
  // False, and nothing happens, when a part of the chunk is in use.
  bool RemoveChunk(std::byte* begin, size_t bytes);
  // Memory at a multiple of `alignment`, a power of two; nullptr when no stretch has room for it.
  std::byte* Take(size_t bytes, size_t alignment);
  void Return(std::byte* begin, size_t bytes);

  uint64_t free_bytes() const { return free_bytes_; }
  uint64_t largest_bytes() const { return by_size_.empty() ? 0 : by_size_.rbegin()->first; }

 private:
  using ByPlace = std::map<std::byte*, size_t>;
  void Add(std::byte* begin, size_t bytes);
  void Remove(ByPlace::iterator range);
  // The chunks' ends: stretches that meet there stay apart, because a chunk may go.
  bool IsChunkBegin(std::byte* place) const { return chunks_.contains(place); }

  std::set<std::byte*> chunks_;
  ByPlace by_place_;
  std::set<std::pair<size_t, std::byte*>> by_size_;
  uint64_t free_bytes_ = 0;
};

}  // namespace sterna::memory
