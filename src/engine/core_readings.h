// SPDX-License-Identifier: Apache-2.0
//
// What those who watch an engine see of it. Any thread.
#pragma once

#include "engine/engine_core.h"

namespace sterna::engine {

// How full memory is: EngineOptions::read_pressure, else what the system says and the share of the memory limit.
memory::PressureReading ReadPressure(const EngineCore& core);
// The same memory, and whether steps end.
monitor::HealthReading ReadHealth(const EngineCore& core);

}  // namespace sterna::engine
