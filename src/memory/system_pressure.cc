// SPDX-License-Identifier: Apache-2.0
#include "memory/system_pressure.h"

#include "platform/cgroup.h"

namespace sterna::memory {

PressureReading ReadSystemPressure() {
  PressureReading reading;
  reading.group_share = platform::CgroupMemoryShare().value_or(0);
  reading.stalled_percent = platform::MemoryStalledPercent().value_or(0);
  return reading;
}

}  // namespace sterna::memory
