// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory/pool_use.h"
#include "platform/aligned_buffer.h"
#include "sterna/status.h"

namespace sterna::backend {

// Memory for weights that live as long as the backend, cut from large slabs: many small matrices then share huge pages
// instead of leaving the rest of one each unused. Slabs double, so a tiny model takes little. Not thread-safe.
class WeightArena {
 public:
  explicit WeightArena(const BufferPlacement& placement = {}) : placement_(placement) {}

  // Zeroed, placed as said above; valid while the arena lives. ResourceExhausted when the system has no such memory.
  Result<std::byte*> Take(uint64_t size_bytes);
  uint64_t taken_bytes() const { return taken_bytes_; }
  memory::PoolUse use() const;

 private:
  BufferPlacement placement_;
  std::vector<AlignedBuffer> slabs_;
  uint64_t used_in_last_bytes_ = 0;
  uint64_t taken_bytes_ = 0;
  uint64_t left_bytes_ = 0, largest_left_bytes_ = 0;  // at the ends of slabs before the last
};

}  // namespace sterna::backend
