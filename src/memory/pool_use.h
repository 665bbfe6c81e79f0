// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace sterna::memory {

// What pools reserved and what of it is in use.
struct PoolUse {
  uint64_t reserved_bytes = 0, used_bytes = 0;
  uint64_t free_bytes = 0, largest_free_bytes = 0;  // pieces that a pool can still give

  void Add(const PoolUse& other) {
    reserved_bytes += other.reserved_bytes;
    used_bytes += other.used_bytes;
    free_bytes += other.free_bytes;
    largest_free_bytes = std::max(largest_free_bytes, other.largest_free_bytes);
  }
  double Efficiency() const { return reserved_bytes == 0 ? 1 : double(used_bytes) / double(reserved_bytes); }
  double Fragmentation() const { return free_bytes == 0 ? 0 : 1 - double(largest_free_bytes) / double(free_bytes); }
};

}  // namespace sterna::memory
