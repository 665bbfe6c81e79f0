// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::memory {

enum class PressureAction : uint8_t {
  kClearCache,       // what can be read or computed again is given up
  kForceGc,          // free memory goes back to the system
  kReduceBatchSize,  // fewer rows a step
};
std::string_view PressureActionName(PressureAction action);  // "ClearCache"

// How full memory is, as shares of its limits (0 without a limit), and how long tasks waited for memory of late.
struct PressureReading {
  double budget_share = 0;
  double group_share = 0;      // of the control group's limit
  double stalled_percent = 0;  // of the last ten seconds in which some task waited (PSI)
};

struct PressureConfig {
  double low_threshold = 0.8;     // from here on caches do not grow
  double medium_threshold = 0.9;  // from here on a check takes an action
  std::vector<PressureAction> actions = {PressureAction::kClearCache, PressureAction::kForceGc,
                                         PressureAction::kReduceBatchSize};
};

struct PressureEvent {
  enum class Kind : uint8_t { kHoldCaches, kTake, kUndo, kReleaseCaches };
  Kind kind = Kind::kHoldCaches;
  PressureAction action = PressureAction::kClearCache;  // of kTake and kUndo
  double share = 0;                                     // that led to it; 1 for a reservation that failed

  std::string ToString() const;  // "take ClearCache at 93 %"
  bool operator==(const PressureEvent&) const = default;
};

// Decides what to do about memory that runs short. A check at the low threshold holds caches as they are; each check at
// the medium one, or while tasks wait for memory, takes the next action; three checks in a row below 75 % (and below
// the low threshold) undo all of it, last first. Thread-safe; the hooks are called one at a time, by whoever checks.
class PressureControl {
 public:
  static constexpr double kRelief = 0.75;
  static constexpr uint32_t kReliefChecks = 3;
  static constexpr double kStalledPercent = 10;
  static constexpr size_t kMostEvents = 1024;  // kept; the oldest go

  struct Hooks {  // any may be empty
    std::function<void(bool hold)> hold_caches;
    std::function<void(PressureAction)> take, undo;
  };
  PressureControl(PressureConfig config, Hooks hooks);

  void Check(const PressureReading& reading);
  // For a reservation that failed: takes all actions that are not taken. Whether there were any, so that trying once
  // more is worth it.
  bool TakeAll();
  std::vector<PressureEvent> Events() const;

 private:
  void Note(PressureEvent event);
  void HoldCaches(double share);
  void TakeNext(double share);
  void UndoAll(double share);

  const PressureConfig config_;
  const Hooks hooks_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  bool holding_ = false;
  size_t taken_ = 0;  // the first so many actions
  uint32_t relieved_checks_ = 0;
  std::vector<PressureEvent> events_;
};

}  // namespace sterna::memory
