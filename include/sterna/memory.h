// SPDX-License-Identifier: Apache-2.0
//
// Memory as a program that uses Sterna sees it: what an engine holds, and aligned buffers of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sterna/status.h"

namespace sterna {

// What an engine holds, in MB of 2^20 bytes: weights, keys and values, scratch, and all MemoryAligned buffers.
struct MemoryStats {
  double allocated_mb = 0;           // now
  double peak_mb = 0;                // the most so far
  double usage_percent = 0;          // allocated, of the memory limit; without one, of what the system could give
  double efficiency_percent = 0;     // bytes in use, of those that pools reserved
  double fragmentation_percent = 0;  // 1 - largest free piece / all free pieces of the pools; 0 where nothing is free
};

// A buffer of zeros at a multiple of `alignment`, given back when it is destroyed. Move-only; counted by every
// engine's MemoryStats.
class MemoryAligned {
 public:
  // InvalidArgument for an alignment that is no power of two (0 and 3 are not) or above 1 GB; ResourceExhausted when
  // the system has no such memory.
  static Result<MemoryAligned> create(size_t bytes, size_t alignment);
  MemoryAligned(MemoryAligned&& other) noexcept;
  MemoryAligned& operator=(MemoryAligned&& other) noexcept;
  ~MemoryAligned();

  std::span<std::byte> bytes() { return {data_, size_bytes_}; }
  // Of all buffers of this process: now, and the most so far.
  static uint64_t held_bytes();
  static uint64_t peak_bytes();

 private:
  MemoryAligned(std::byte* data, size_t size_bytes, size_t alignment);

  std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
  size_t alignment_ = 1;
};

}  // namespace sterna
