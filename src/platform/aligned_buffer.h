// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sterna/status.h"

namespace sterna {

// Where a buffer lies.
struct BufferPlacement {
  static constexpr size_t kAlignment = 64;

  size_t alignment_bytes = kAlignment;  // a power of two, kAlignment..2 MiB
  // Memory nodes, a bit each, that the pages of a large buffer (2 MiB and more) take turns on; 0: a page lies on the
  // node that first touches it. A wish that the system may refuse.
  uint64_t nodes = 0;
};

// Owned, zero-filled bytes, aligned to 64 B or more (2 MiB pages asked for when large), followed by 64 zero bytes that
// belong to the buffer, so that a vector load of a tail stays inside. Move-only. Not thread-safe.
class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = BufferPlacement::kAlignment;

  AlignedBuffer() = default;
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;

  // ResourceExhausted when the system has no such memory.
  static Result<AlignedBuffer> Create(size_t size_bytes, const BufferPlacement& placement = {});

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  size_t size() const { return size_bytes_; }

  // The system may take the pages that lie wholly in the range; they read as zeros afterwards. Not for small buffers,
  // whose memory is the allocator's.
  void GiveBack(size_t offset_bytes, size_t size_bytes);

  // The buffer as an array of T; size_bytes / sizeof(T) elements.
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(data_), size_bytes_ / sizeof(T)};
  }
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data_), size_bytes_ / sizeof(T)};
  }

 private:
  std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
  size_t mapped_bytes_ = 0;
};

}  // namespace sterna
