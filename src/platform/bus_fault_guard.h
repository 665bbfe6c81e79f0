// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sterna::platform {

// Watches one mapped range for SIGBUS, which the kernel sends when a page of a mapped file is read that the file no
// longer has. The process-wide handler, installed by the first Watch, puts zero pages over the rest of the range from
// the faulting page on and notes the fault; the read then continues. Faults elsewhere go to the handler that was there
// before. Thread-safe; move-only.
class BusFaultGuard {
 public:
  static constexpr size_t kMaxRanges = 1024;

  BusFaultGuard() = default;
  ~BusFaultGuard();
  BusFaultGuard(BusFaultGuard&& other) noexcept : slot_(std::exchange(other.slot_, kNone)) {}
  BusFaultGuard& operator=(BusFaultGuard&& other) noexcept;

  // Watches [begin, begin + size_bytes), a private mapping (so begin is a page's start) that outlives the guard. Not
  // active() when kMaxRanges ranges are watched already or the handler cannot be installed.
  static BusFaultGuard Watch(void* begin, size_t size_bytes);

  bool active() const { return slot_ != kNone; }
  bool Faulted() const;

 private:
  static constexpr size_t kNone = SIZE_MAX;
  size_t slot_ = kNone;
};

}  // namespace sterna::platform
