// SPDX-License-Identifier: Apache-2.0
#include "engine/memory_care.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace sterna::engine {

using memory::PressureAction;
using WindowUse = backend::CpuBackend::WindowUse;

double BudgetShare(const MemoryBudget& budget, uint64_t resident_bytes) {
  if (budget.limit_bytes == 0) return 0;
  const double most_bytes = double(budget.limit_bytes) * 1.05, plan_bytes = double(budget.plan_bytes);
  const double beyond_bytes = std::max(0.0, double(resident_bytes) - plan_bytes);
  return beyond_bytes == 0 ? 0 : std::min(1.0, beyond_bytes / std::max(1.0, most_bytes - plan_bytes));
}

Result<std::unique_ptr<MemoryCare>> MemoryCare::Start(const Parts& parts, const memory::PressureConfig& config,
                                                      std::chrono::milliseconds interval, Read read) {
  std::unique_ptr<MemoryCare> care(new MemoryCare(parts, config));
  STERNA_ASSIGN_OR_RETURN(
      care->watcher_,
      platform::IntervalThread::Start("that watches memory", interval,
                                      [&control = care->control_, &buffers = parts.buffers, read = std::move(read)] {
                                        buffers.TidyWhenDue(Clock::now());
                                        control.Check(read());
                                      }));
  return care;
}

MemoryCare::MemoryCare(const Parts& parts, const memory::PressureConfig& config)
    : parts_(parts),
      control_(
          config,
          {.hold_caches = [this](bool hold) { parts_.backend.UseWindow(hold ? WindowUse::kFilled : WindowUse::kAll); },
           .take = [this](PressureAction action) { Take(action); },
           .undo = [this](PressureAction action) { Undo(action); }}) {}

void MemoryCare::Take(PressureAction action) {
  switch (action) {
    case PressureAction::kClearCache:
      parts_.kv.Forget();
      parts_.backend.UseWindow(WindowUse::kLeast);
      break;
    case PressureAction::kForceGc: GiveBackFreeMemory(); break;
    case PressureAction::kReduceBatchSize: parts_.loop.LimitRows(parts_.loop.rows() / 2); break;
  }
}

// What went back to the system comes again by itself. The window grows once caches may.
void MemoryCare::Undo(PressureAction action) {
  if (action == PressureAction::kReduceBatchSize) parts_.loop.LimitRows(parts_.loop.rows());
}

void MemoryCare::GiveBackFreeMemory() {
  parts_.kv.ForEachFree([this](uint32_t block) { parts_.backend.GiveBackKv(block); });
  parts_.buffers.Tidy();
  malloc_trim(0);
}

}  // namespace sterna::engine
