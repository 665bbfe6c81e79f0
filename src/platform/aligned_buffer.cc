// SPDX-License-Identifier: Apache-2.0
#include "platform/aligned_buffer.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/checked_math.h"
#include "platform/memory_nodes.h"

namespace sterna {
namespace {

constexpr size_t kTailBytes = 64;
constexpr size_t kHugePageBytes = size_t{2} << 20;

// `size_bytes` (a multiple of 2 MiB) of untouched zero pages at a multiple of 2 MiB, or null.
std::byte* MapHugeAligned(size_t size_bytes) {
  const auto reserved_bytes = CheckedAdd(size_bytes, kHugePageBytes);
  if (!reserved_bytes) return nullptr;
  void* const reserved = mmap(nullptr, *reserved_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(reserved);
  const size_t head_bytes = (kHugePageBytes - reinterpret_cast<uintptr_t>(begin) % kHugePageBytes) % kHugePageBytes;
  if (head_bytes > 0) munmap(begin, head_bytes);
  std::byte* const data = begin + head_bytes;
  munmap(data + size_bytes, kHugePageBytes - head_bytes);
  madvise(data, size_bytes, MADV_HUGEPAGE);  // a wish: without huge pages everything still works
  return data;
}

}  // namespace

Result<AlignedBuffer> AlignedBuffer::Create(size_t size_bytes, const BufferPlacement& placement) {
  const auto no_memory = [size_bytes] {
    return Status::ResourceExhausted(fmt::format("the system has no memory for a buffer of {} B", size_bytes));
  };
  const auto with_tail = CheckedAdd(size_bytes, kTailBytes);
  const bool large = size_bytes >= kHugePageBytes;
  const auto total =
      with_tail ? CheckedRoundUp(*with_tail, large ? kHugePageBytes : placement.alignment_bytes) : std::nullopt;
  if (!total) return no_memory();

  AlignedBuffer buffer;
  if (large) {
    buffer.data_ = MapHugeAligned(*total);
    buffer.mapped_bytes_ = *total;
  } else {
    buffer.data_ = static_cast<std::byte*>(std::aligned_alloc(placement.alignment_bytes, *total));
  }
  if (buffer.data_ == nullptr) return no_memory();
  if (large) {
    platform::PlaceOnNodes({buffer.data_, *total}, placement.nodes);
  } else {
    std::memset(buffer.data_, 0, *total);
  }
  buffer.size_bytes_ = size_bytes;
  return buffer;
}

void AlignedBuffer::GiveBack(size_t offset_bytes, size_t size_bytes) {
  if (mapped_bytes_ == 0) return;
  const size_t page_bytes = size_t(sysconf(_SC_PAGESIZE));
  const size_t begin = RoundUp(offset_bytes, page_bytes), end = (offset_bytes + size_bytes) / page_bytes * page_bytes;
  if (begin < end) madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

AlignedBuffer::~AlignedBuffer() {
  if (data_ == nullptr) return;
  if (mapped_bytes_ > 0) {
    munmap(data_, mapped_bytes_);
  } else {
    std::free(data_);
  }
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  return *this;
}

}  // namespace sterna
