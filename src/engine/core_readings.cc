// SPDX-License-Identifier: Apache-2.0
#include "engine/core_readings.h"

#include <algorithm>

#include "memory/system_pressure.h"
#include "platform/memory_usage.h"

namespace sterna::engine {

memory::PressureReading ReadPressure(const EngineCore& core) {
  const EngineOptions& options = core.options;
  if (options.read_pressure) return options.read_pressure();
  memory::PressureReading reading = memory::ReadSystemPressure();
  reading.budget_share = BudgetShare({options.memory_limit_bytes, core.report.plan.TotalBytes()},
                                     platform::ReadMemoryUsage().resident_bytes);
  return reading;
}

monitor::HealthReading ReadHealth(const EngineCore& core) {
  const memory::PressureReading pressure = ReadPressure(core);
  monitor::HealthReading reading;
  reading.memory_share = std::max(pressure.budget_share, pressure.group_share);
  reading.steps = core.loop->steps();
  reading.in_step = core.loop->in_step();
  return reading;
}

}  // namespace sterna::engine
