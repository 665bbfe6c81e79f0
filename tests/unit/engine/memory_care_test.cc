// SPDX-License-Identifier: Apache-2.0
//
// What an engine holds, by its own books and by the kernel's, and what it does when memory runs short.
#include "engine/memory_care.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "platform/memory_usage.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Lines(const Engine& engine) {
  std::vector<std::string> lines;
  for (const memory::PressureEvent& event : engine.PressureEvents()) lines.push_back(event.ToString());
  return lines;
}

// An engine that reads how full memory is from the test, every millisecond.
class EngineUnderPressure : public ::testing::Test {
 protected:
  EngineOptions Options() {
    EngineOptions options = TinyOptions();
    options.pressure.emplace();
    options.pressure_interval = std::chrono::milliseconds(1);
    options.read_pressure = [this] { return memory::PressureReading{.budget_share = share_}; };
    return options;
  }
  void WaitForEvents(const Engine& engine, size_t count) {
    while (engine.PressureEvents().size() < count) std::this_thread::yield();
  }
  std::atomic<double> share_{0.1};
};

TEST_F(EngineUnderPressure, TakesEveryActionAndRecoversWhileItAnswers) {
  const auto expected = LoadTiny()->NewSession().value()->Generate(GreedyRequest(PlainPrompt(50), 20)).value().tokens;
  EngineOptions options = Options();
  options.weights = WeightPlacement::kStreamed;
  const auto engine = LoadTiny(options);
  const auto generate = [&] {
    return engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(50), 20)).value().tokens;
  };
  EXPECT_EQ(generate(), expected);
  share_ = 0.95;
  WaitForEvents(*engine, 4);
  EXPECT_EQ(generate(), expected);
  share_ = 0.5;
  WaitForEvents(*engine, 8);
  EXPECT_EQ(generate(), expected);
  EXPECT_THAT(Lines(*engine), ElementsAre("hold caches at 95 %", "take ClearCache at 95 %", "take ForceGC at 95 %",
                                          "take ReduceBatchSize at 95 %", "undo ReduceBatchSize at 50 %",
                                          "undo ForceGC at 50 %", "undo ClearCache at 50 %", "release caches at 50 %"));
}

TEST_F(EngineUnderPressure, ReduceBatchSizeHalvesTheRowsOfAStep) {
  EngineOptions options = Options();
  options.pressure->actions = {memory::PressureAction::kReduceBatchSize};
  options.step_rows = 16;
  const auto engine = LoadTiny(options);
  const auto steps = [&] {
    size_t polls = 0;
    GenerateRequest request = GreedyRequest(PlainPrompt(64), 1);
    request.cancelled = [&] { return ++polls, false; };
    EXPECT_TRUE(engine->NewSession().value()->Generate(request).ok());
    return polls;
  };
  EXPECT_EQ(steps(), 4u);
  share_ = 0.95;
  WaitForEvents(*engine, 2);
  EXPECT_EQ(steps(), 8u);
  share_ = 0;
  WaitForEvents(*engine, 4);
  EXPECT_EQ(steps(), 4u);
}

TEST_F(EngineUnderPressure, ClearCacheKeepsTwoLayersOfTheWindow) {
  EngineOptions options = Options();
  options.weights = WeightPlacement::kStreamed;
  options.pressure->actions = {memory::PressureAction::kClearCache};
  const auto engine = LoadTiny(options);
  const auto loads = [&] {
    const uint64_t before = engine->Counters().stream.loads;
    EXPECT_TRUE(engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(4), 20)).ok());
    return engine->Counters().stream.loads - before;
  };
  (void)loads();
  EXPECT_EQ(loads(), 0u) << "the whole model fits the window";
  share_ = 0.95;
  WaitForEvents(*engine, 2);
  EXPECT_GE(loads(), 20u);
}

TEST(MemoryCare, WatchesNothingUnlessAsked) { EXPECT_THAT(LoadTiny()->PressureEvents(), ::testing::IsEmpty()); }

TEST(BudgetShare, IsWhatIsTakenBeyondThePlan) {
  const MemoryBudget budget{.limit_bytes = 1000, .plan_bytes = 850};
  EXPECT_EQ(BudgetShare(budget, 800), 0);
  EXPECT_DOUBLE_EQ(BudgetShare(budget, 950), 0.5);
  EXPECT_EQ(BudgetShare(budget, 2000), 1);
  EXPECT_EQ(BudgetShare({.limit_bytes = 0, .plan_bytes = 10}, 2000), 0);
  EXPECT_EQ(BudgetShare({.limit_bytes = 1000, .plan_bytes = 2000}, 2001), 1);
}

TEST(EngineMemory, FollowsBuffersAndBlocks) {
  const auto engine = LoadTiny();
  const MemoryStats before = engine->Memory();
  EXPECT_GT(before.allocated_mb, 0);
  EXPECT_EQ(before.peak_mb, before.allocated_mb);
  EXPECT_GT(before.usage_percent, 0);
  {
    const auto buffer = MemoryAligned::create(1 << 20, 64);
    EXPECT_DOUBLE_EQ(engine->Memory().allocated_mb, before.allocated_mb + 1);
  }
  EXPECT_DOUBLE_EQ(engine->Memory().allocated_mb, before.allocated_mb);
  EXPECT_DOUBLE_EQ(engine->Memory().peak_mb, before.allocated_mb + 1);
  const auto session = engine->NewSession().value();
  ASSERT_TRUE(session->Generate(GreedyRequest(PlainPrompt(100), 1)).ok());
  const MemoryStats used = engine->Memory();
  EXPECT_GT(used.allocated_mb, before.allocated_mb);
  EXPECT_GT(used.efficiency_percent, before.efficiency_percent);
  EXPECT_GE(used.fragmentation_percent, 0);
  EXPECT_LT(used.fragmentation_percent, 100);
}

TEST(EngineMemory, UsageIsOfTheLimitWhereThereIsOne) {
  EngineOptions options = TinyOptions();
  options.memory_limit_bytes = uint64_t{1} << 30;
  const MemoryStats stats = LoadTiny(options)->Memory();
  EXPECT_NEAR(stats.usage_percent, stats.allocated_mb / 1024 * 100, 1e-9);
}

}  // namespace
}  // namespace sterna::engine
