// SPDX-License-Identifier: Apache-2.0
#include "memory/pressure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "memory/system_pressure.h"

namespace sterna::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A control whose hooks write down what they are called for.
class Pressure {
 public:
  explicit Pressure(PressureConfig config = {})
      : control_(std::move(config),
                 {[this](bool hold) { calls_.emplace_back(hold ? "hold" : "release"); },
                  [this](PressureAction a) { Note('+', a); }, [this](PressureAction a) { Note('-', a); }}) {}

  void Check(std::initializer_list<double> budget_shares) {
    for (const double share : budget_shares) control_.Check({.budget_share = share});
  }
  PressureControl& control() { return control_; }
  const std::vector<std::string>& calls() const { return calls_; }
  std::vector<std::string> Log() const {
    std::vector<std::string> lines;
    for (const PressureEvent& event : control_.Events()) lines.push_back(event.ToString());
    return lines;
  }

 private:
  void Note(char sign, PressureAction action) { calls_.emplace_back(1, sign).append(PressureActionName(action)); }
  std::vector<std::string> calls_;
  PressureControl control_;
};

TEST(PressureControl, TakesOneActionACheckInOrderAndUndoesAllInReverse) {
  Pressure pressure;
  pressure.Check({0.5, 0.79, 0.81, 0.85, 0.91, 0.93, 0.89, 0.95, 0.99, 0.74, 0.76, 0.7, 0.6, 0.5, 0.4});
  EXPECT_THAT(pressure.Log(), ElementsAre("hold caches at 81 %", "take ClearCache at 91 %", "take ForceGC at 93 %",
                                          "take ReduceBatchSize at 95 %", "undo ReduceBatchSize at 50 %",
                                          "undo ForceGC at 50 %", "undo ClearCache at 50 %", "release caches at 50 %"));
  EXPECT_THAT(pressure.calls(), ElementsAre("hold", "+ClearCache", "+ForceGC", "+ReduceBatchSize", "-ReduceBatchSize",
                                            "-ForceGC", "-ClearCache", "release"));
}

TEST(PressureControl, DoesNothingBelowTheLowThreshold) {
  Pressure pressure;
  pressure.Check({0.1, 0.5, 0.79, 0.1, 0.1, 0.1, 0.1});
  EXPECT_THAT(pressure.Log(), IsEmpty());
}

TEST(PressureControl, TakesTheActionsThatAreConfigured) {
  Pressure pressure({.low_threshold = 0.5,
                     .medium_threshold = 0.6,
                     .actions = {PressureAction::kReduceBatchSize, PressureAction::kClearCache}});
  pressure.Check({0.65, 0.65, 0.65});
  EXPECT_THAT(pressure.Log(),
              ElementsAre("hold caches at 65 %", "take ReduceBatchSize at 65 %", "take ClearCache at 65 %"));
}

TEST(PressureControl, LooksAtTheGroupAndAtTasksThatWait) {
  Pressure group;
  group.control().Check({.budget_share = 0.2, .group_share = 0.92});
  EXPECT_THAT(group.Log(), ElementsAre("hold caches at 92 %", "take ClearCache at 92 %"));
  Pressure stalled;
  stalled.control().Check({.budget_share = 0.2, .stalled_percent = 9.9});
  EXPECT_THAT(stalled.Log(), IsEmpty());
  stalled.control().Check({.budget_share = 0.2, .stalled_percent = 10});
  EXPECT_THAT(stalled.Log(), ElementsAre("hold caches at 90 %", "take ClearCache at 90 %"));
}

TEST(PressureControl, AFailedReservationTakesAllThatIsLeft) {
  Pressure pressure;
  pressure.Check({0.9});
  EXPECT_TRUE(pressure.control().TakeAll());
  EXPECT_FALSE(pressure.control().TakeAll()) << "nothing is left: trying again is of no use";
  EXPECT_THAT(pressure.Log(), ElementsAre("hold caches at 90 %", "take ClearCache at 90 %", "take ForceGC at 100 %",
                                          "take ReduceBatchSize at 100 %"));
}

TEST(PressureControl, StartsOverAfterARecovery) {
  Pressure pressure;
  pressure.Check({0.9, 0.1, 0.1, 0.1, 0.9});
  EXPECT_THAT(pressure.Log(), ElementsAre("hold caches at 90 %", "take ClearCache at 90 %", "undo ClearCache at 10 %",
                                          "release caches at 10 %", "hold caches at 90 %", "take ClearCache at 90 %"));
}

TEST(SystemPressure, ReadsSharesThatAreShares) {
  const PressureReading reading = ReadSystemPressure();
  EXPECT_GE(reading.group_share, 0);
  EXPECT_LE(reading.group_share, 1);
  EXPECT_GE(reading.stalled_percent, 0);
  EXPECT_LE(reading.stalled_percent, 100);
}

}  // namespace
}  // namespace sterna::memory
