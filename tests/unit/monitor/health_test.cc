// SPDX-License-Identifier: Apache-2.0
#include "monitor/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/monitor/hand_clock.h"

namespace sterna::monitor {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HealthTest : public ::testing::Test {
 protected:
  void Pass(std::chrono::nanoseconds time) { clock_.Move(time.count()); }
  // After so long that everything is looked at.
  HealthStatus Later() {
    Pass(seconds(10));
    return health_.Look();
  }
  void NoteRequests(size_t count, double first_token_ms, bool failed = false) {
    for (size_t i = 0; i < count; ++i) health_.NoteRequest(first_token_ms, failed);
  }

  HandClock clock_;
  HealthReading reading_;
  size_t reads_ = 0;
  HealthMonitor health_{"instance 0", {}, clock_, [this] { return ++reads_, reading_; }};
};

TEST_F(HealthTest, IsHealthyUntilSomethingHappens) { EXPECT_EQ(HealthStatus(), health_.Look()); }

TEST_F(HealthTest, MemoryOverTheThresholdDegradesAndRecovers) {
  reading_.memory_share = 0.9;
  EXPECT_EQ(HealthStatus(), Later());
  reading_.memory_share = 0.93;
  const HealthStatus full = Later();
  EXPECT_EQ(HealthState::Degraded, full.state);
  EXPECT_THAT(full.reasons, ElementsAre("memory: 93 % in use, over 90 %"));
  reading_.memory_share = 0.5;
  EXPECT_EQ(HealthStatus(), Later());
}

TEST_F(HealthTest, OneInTwentyThatWaitsLongDegrades) {
  NoteRequests(95, 20);
  NoteRequests(5, 5000);
  EXPECT_EQ(HealthStatus(), Later());
  NoteRequests(1, 5000);
  const HealthStatus slow = Later();
  EXPECT_EQ(HealthState::Degraded, slow.state);
  EXPECT_THAT(slow.reasons, ElementsAre(HasSubstr("waits 5000 ms or more for its first token, over 1000")));
  Pass(seconds(41));
  EXPECT_THAT(Later().reasons, IsEmpty()) << "the slow ones are a minute old";
}

TEST_F(HealthTest, RequestsWithoutATokenSayNothingOfLatency) {
  health_.NoteRequest(std::nullopt, false);
  EXPECT_EQ(HealthStatus(), Later());
}

TEST_F(HealthTest, ErrorsCountFromAHundredRequestsOn) {
  NoteRequests(2, 20, true);
  NoteRequests(97, 20);
  EXPECT_EQ(HealthStatus(), Later()) << "99 requests are too few";
  NoteRequests(1, 20);
  const HealthStatus failing = Later();
  EXPECT_EQ(HealthState::Degraded, failing.state);
  EXPECT_THAT(failing.reasons, ElementsAre("errors: 2.0 % of requests failed, over 1.0 %"));
  NoteRequests(100, 20);
  EXPECT_EQ(HealthStatus(), Later()) << "1 % is not over 1 %";
}

TEST_F(HealthTest, AStepThatDoesNotEndIsUnhealthyUntilItEnds) {
  reading_.in_step = true;
  EXPECT_EQ(HealthStatus(), health_.Look());
  Pass(seconds(29));
  EXPECT_EQ(HealthStatus(), health_.Look()) << "not yet";
  Pass(seconds(1));
  const HealthStatus stalled = health_.Look();
  EXPECT_EQ(HealthState::Unhealthy, stalled.state);
  EXPECT_THAT(stalled.reasons, ElementsAre("stalled worker: a step has not ended for 30000 ms"));
  reading_.steps = 1;
  Pass(seconds(30));
  EXPECT_EQ(HealthStatus(), health_.Look());
}

TEST_F(HealthTest, WhoRestsIsNotStalled) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(HealthStatus(), health_.Look());
    Pass(seconds(30));
  }
}

TEST_F(HealthTest, LooksOnceAnInterval) {
  health_.Look();
  EXPECT_EQ(1u, reads_);
  reading_.memory_share = 1;
  Pass(seconds(9));
  EXPECT_EQ(HealthStatus(), health_.Look());
  EXPECT_EQ(1u, reads_);
  Pass(seconds(1));
  EXPECT_EQ(HealthState::Degraded, health_.Look().state);
  EXPECT_EQ(2u, reads_);
}

TEST_F(HealthTest, ReasonsAddUpAndTheWorstStateCounts) {
  reading_ = {.memory_share = 1, .in_step = true};
  NoteRequests(100, 2000, true);
  EXPECT_EQ(3u, Later().reasons.size());
  Pass(seconds(30));
  NoteRequests(100, 2000, true);
  const HealthStatus all = Later();
  EXPECT_EQ(HealthState::Unhealthy, all.state);
  EXPECT_EQ(4u, all.reasons.size());
}

TEST_F(HealthTest, KeepsABoundedNumberOfRequests) {
  NoteRequests(HealthMonitor::kMostRequests, 20, true);
  NoteRequests(HealthMonitor::kMostRequests, 20, false);
  EXPECT_EQ(HealthStatus(), Later());
}

TEST(HealthState, HasAName) {
  EXPECT_EQ("healthy", to_string(HealthState::Healthy));
  EXPECT_EQ("degraded", to_string(HealthState::Degraded));
  EXPECT_EQ("unhealthy", to_string(HealthState::Unhealthy));
}

}  // namespace
}  // namespace sterna::monitor
