// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "engine/kv_ledger.h"
#include "engine/step_loop.h"
#include "memory/buffer_pool.h"
#include "memory/pressure.h"
#include "platform/interval_thread.h"

namespace sterna::engine {

struct MemoryBudget {
  uint64_t limit_bytes = 0;  // 0: none, so no share of it either
  uint64_t plan_bytes = 0;   // what the engine was planned to take
};

// Watches memory while an engine runs and makes it take less when memory runs short: the window of streamed weights
// shrinks, free blocks and what allocators keep go back to the system, steps get fewer rows. No answer changes. The
// pool of buffers is tidied at its own interval.
class MemoryCare {
 public:
  struct Parts {  // all outlive the care
    backend::CpuBackend& backend;
    KvLedger& kv;
    StepLoop& loop;
    memory::BufferPool& buffers;
  };
  using Read = std::function<memory::PressureReading()>;
  static Result<std::unique_ptr<MemoryCare>> Start(const Parts& parts, const memory::PressureConfig& config,
                                                   std::chrono::milliseconds interval, Read read);
  std::vector<memory::PressureEvent> Events() const { return control_.Events(); }

 private:
  MemoryCare(const Parts& parts, const memory::PressureConfig& config);
  void Take(memory::PressureAction action);
  void Undo(memory::PressureAction action);
  void GiveBackFreeMemory();

  const Parts parts_;
  memory::PressureControl control_;
  std::unique_ptr<platform::IntervalThread> watcher_;  // last: its thread uses the control
};

// How much of what the plan left of the budget, and of the 5 % above it, is taken: 0 where the plan was kept to.
double BudgetShare(const MemoryBudget& budget, uint64_t resident_bytes);

}  // namespace sterna::engine
