// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna::platform {

// What the process takes, all threads together: memory now, the rest since it started.
struct ProcessUsage {
  uint64_t resident_bytes = 0;
  int64_t user_cpu_ns = 0;
  int64_t system_cpu_ns = 0;
  uint64_t minor_faults = 0;  // pages that were there and only had to be mapped
  uint64_t major_faults = 0;  // pages that came from a disk
};

// Zeros where the system does not say. Cheap enough for a hundred times a second.
ProcessUsage ReadProcessUsage();

}  // namespace sterna::platform
