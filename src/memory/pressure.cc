// SPDX-License-Identifier: Apache-2.0
#include "memory/pressure.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace sterna::memory {

std::string_view PressureActionName(PressureAction action) {
  switch (action) {
    case PressureAction::kClearCache: return "ClearCache";
    case PressureAction::kForceGc: return "ForceGC";
    case PressureAction::kReduceBatchSize: return "ReduceBatchSize";
  }
  return "unknown";
}

std::string PressureEvent::ToString() const {
  const double percent = share * 100;
  switch (kind) {
    case Kind::kHoldCaches: return fmt::format("hold caches at {:.0f} %", percent);
    case Kind::kTake: return fmt::format("take {} at {:.0f} %", PressureActionName(action), percent);
    case Kind::kUndo: return fmt::format("undo {} at {:.0f} %", PressureActionName(action), percent);
    case Kind::kReleaseCaches: return fmt::format("release caches at {:.0f} %", percent);
  }
  return "unknown";
}

PressureControl::PressureControl(PressureConfig config, Hooks hooks)
    : config_(std::move(config)), hooks_(std::move(hooks)) {}

void PressureControl::Check(const PressureReading& reading) {
  const std::lock_guard lock(mutex_);
  double share = std::max(reading.budget_share, reading.group_share);
  if (reading.stalled_percent >= kStalledPercent) share = std::max(share, config_.medium_threshold);
  relieved_checks_ = share < std::min(kRelief, config_.low_threshold) ? relieved_checks_ + 1 : 0;
  if (share >= config_.low_threshold) HoldCaches(share);
  if (share >= config_.medium_threshold) TakeNext(share);
  if (relieved_checks_ >= kReliefChecks) UndoAll(share);
}

bool PressureControl::TakeAll() {
  const std::lock_guard lock(mutex_);
  const bool any = taken_ < config_.actions.size();
  relieved_checks_ = 0;
  HoldCaches(1);
  while (taken_ < config_.actions.size()) TakeNext(1);
  return any;
}

std::vector<PressureEvent> PressureControl::Events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

void PressureControl::Note(PressureEvent event) {
  Log(LogLevel::kWarn, "memory", "memory pressure: " + event.ToString());
  if (events_.size() == kMostEvents) events_.erase(events_.begin());
  events_.push_back(event);
}

void PressureControl::HoldCaches(double share) {
  if (std::exchange(holding_, true)) return;
  if (hooks_.hold_caches) hooks_.hold_caches(true);
  Note({PressureEvent::Kind::kHoldCaches, {}, share});
}

void PressureControl::TakeNext(double share) {
  if (taken_ == config_.actions.size()) return;
  const PressureAction action = config_.actions[taken_++];
  if (hooks_.take) hooks_.take(action);
  Note({PressureEvent::Kind::kTake, action, share});
}

void PressureControl::UndoAll(double share) {
  while (taken_ > 0) {
    const PressureAction action = config_.actions[--taken_];
    if (hooks_.undo) hooks_.undo(action);
    Note({PressureEvent::Kind::kUndo, action, share});
  }
  if (!std::exchange(holding_, false)) return;
  if (hooks_.hold_caches) hooks_.hold_caches(false);
  Note({PressureEvent::Kind::kReleaseCaches, {}, share});
}

}  // namespace sterna::memory
