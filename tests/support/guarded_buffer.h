// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

namespace sterna::test {

// `count` elements that end at, or less than `alignment` bytes before, a page that may not be touched; another such
// page lies in front. Everything between the two starts out as kCanary bytes, so that stray writes show.
template <class T>
class GuardedBuffer {
 public:
  static constexpr unsigned char kCanary = 0xa5;

  explicit GuardedBuffer(size_t count, size_t alignment = alignof(T)) : count_(count) {
    const auto page = size_t(sysconf(_SC_PAGESIZE));
    inner_bytes_ = (count * sizeof(T) + alignment + page - 1) / page * page;
    mapped_bytes_ = inner_bytes_ + 2 * page;
    void* const mapped = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) std::abort();
    mapped_ = static_cast<unsigned char*>(mapped);
    inner_ = mapped_ + page;
    if (mprotect(inner_, inner_bytes_, PROT_READ | PROT_WRITE) != 0) std::abort();
    std::memset(inner_, kCanary, inner_bytes_);
    offset_bytes_ = (inner_bytes_ - count * sizeof(T)) / alignment * alignment;
  }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;
  ~GuardedBuffer() { munmap(mapped_, mapped_bytes_); }

  T* data() { return reinterpret_cast<T*>(inner_ + offset_bytes_); }
  const T* data() const { return reinterpret_cast<const T*>(inner_ + offset_bytes_); }
  size_t size() const { return count_; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  std::span<T> span() { return {data(), count_}; }

  // No byte around the elements was written.
  bool SurroundingsIntact() const {
    const size_t end = offset_bytes_ + count_ * sizeof(T);
    for (size_t i = 0; i < inner_bytes_; ++i) {
      if ((i < offset_bytes_ || i >= end) && inner_[i] != kCanary) return false;
    }
    return true;
  }

 private:
  size_t count_;
  size_t inner_bytes_ = 0, mapped_bytes_ = 0, offset_bytes_ = 0;
  unsigned char* mapped_ = nullptr;
  unsigned char* inner_ = nullptr;
};

}  // namespace sterna::test
