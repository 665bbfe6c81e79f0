// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "sterna/memory.h"

namespace sterna {
namespace {

constexpr size_t kLargestAlignment = size_t{1} << 30;
constexpr size_t kLargestBytes = size_t{1} << 40;  // more than any machine has; 1 TB

// The buffers belong to no engine and count for all: the one place where they meet is the process.
std::atomic<uint64_t> held_now{0}, held_most{0};

void NoteHeld(uint64_t added) {
  const uint64_t now = held_now.fetch_add(added) + added;
  uint64_t most = held_most;
  while (most < now && !held_most.compare_exchange_weak(most, now)) {
  }
}

}  // namespace

Result<MemoryAligned> MemoryAligned::create(size_t bytes, size_t alignment) {
  if (!std::has_single_bit(alignment) || alignment > kLargestAlignment) {
    return Status::InvalidArgument(
        fmt::format("an alignment of {} is not possible; give a power of two up to {}", alignment, kLargestAlignment));
  }
  if (bytes > kLargestBytes) return Status::ResourceExhausted(fmt::format("no system has memory for {} B", bytes));
  void* const data = ::operator new(std::max<size_t>(bytes, 1), std::align_val_t(alignment), std::nothrow);
  if (data == nullptr) return Status::ResourceExhausted(fmt::format("the system has no memory for {} B", bytes));
  std::memset(data, 0, bytes);
  return MemoryAligned(static_cast<std::byte*>(data), bytes, alignment);
}

MemoryAligned::MemoryAligned(std::byte* data, size_t size_bytes, size_t alignment)
    : data_(data), size_bytes_(size_bytes), alignment_(alignment) {
  NoteHeld(size_bytes);
}

MemoryAligned::MemoryAligned(MemoryAligned&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      alignment_(other.alignment_) {}

MemoryAligned& MemoryAligned::operator=(MemoryAligned&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(alignment_, other.alignment_);
  return *this;
}

MemoryAligned::~MemoryAligned() {
  if (data_ == nullptr) return;
  ::operator delete(data_, std::align_val_t(alignment_));
  held_now -= size_bytes_;
}

uint64_t MemoryAligned::held_bytes() { return held_now; }

uint64_t MemoryAligned::peak_bytes() { return held_most; }

}  // namespace sterna
