// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna::platform {

struct MemoryUsage {
  uint64_t resident_bytes = 0;       // now, as the kernel counts it
  uint64_t peak_resident_bytes = 0;  // since the process started
  uint64_t anonymous_bytes = 0;      // resident without file pages
};

// Zeros where the system does not say.
MemoryUsage ReadMemoryUsage();

// Bytes of memory this process may still take: the smaller of the system's available memory and the cgroup's (v1, v2)
// rest.
uint64_t AvailableMemoryBytes();

}  // namespace sterna::platform
