// SPDX-License-Identifier: Apache-2.0
//
// What the CPU itself counts, through perf_event_open where the system allows it.
#pragma once

#include <array>
#include <cstdint>

#include "sterna/status.h"

namespace sterna::platform {

struct HardwareCounts {
  uint64_t cycles = 0;
  uint64_t instructions = 0;
  uint64_t cache_references = 0;  // of the last cache before memory
  uint64_t cache_misses = 0;
};

// Counts of the calling thread and of the threads that it starts from then on, in user space alone: to be opened before
// the workers start. Where the CPU shares its counters out, counts are scaled up from the time each one ran.
class HardwareCounters {
 public:
  // Unavailable says why not: not allowed, or no such counters (many virtual machines).
  static Result<HardwareCounters> Open();
  HardwareCounters(HardwareCounters&& other) noexcept;
  HardwareCounters& operator=(HardwareCounters&& other) = delete;
  ~HardwareCounters();

  HardwareCounts Read() const;

 private:
  static constexpr size_t kCount = 4;
  HardwareCounters() { files_.fill(-1); }
  std::array<int, kCount> files_;
};

}  // namespace sterna::platform
