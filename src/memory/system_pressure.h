// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory/pressure.h"

namespace sterna::memory {

// What the system says of this process: its control group's share (v1, v2) and how long tasks waited for memory. The
// budget's share is the caller's to fill.
PressureReading ReadSystemPressure();

}  // namespace sterna::memory
