// SPDX-License-Identifier: Apache-2.0
//
// What an engine tells its health monitor: requests that end, steps that do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

// It looks whenever it is asked.
EngineOptions WatchedOptions() {
  EngineOptions options = TinyOptions();
  options.health = {.latency_ms = 1e9,
                    .check_interval = std::chrono::milliseconds(0),
                    .probe_interval = std::chrono::milliseconds(0)};
  options.read_pressure = [] { return memory::PressureReading(); };
  return options;
}

TEST(EngineHealth, IsHealthyAfterAnAnswer) {
  const auto engine = LoadTiny(WatchedOptions());
  ASSERT_TRUE(engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(5), 3)).ok());
  EXPECT_EQ(HealthStatus(), engine->Health());
}

TEST(EngineHealth, KnowsTheTimeToTheFirstToken) {
  EngineOptions options = WatchedOptions();
  options.health.latency_ms = 0;
  const auto engine = LoadTiny(options);
  EXPECT_EQ(HealthStatus(), engine->Health());
  ASSERT_TRUE(engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(5), 1)).ok());
  const HealthStatus health = engine->Health();
  EXPECT_EQ(HealthState::Degraded, health.state);
  EXPECT_THAT(health.reasons, ElementsAre(StartsWith("latency: ")));
}

// Each of these runs out of the context's blocks, for another session holds them.
TEST(EngineHealth, CountsRequestsThatFail) {
  const auto engine = LoadTiny(WatchedOptions());
  const auto holder = engine->NewSession().value();
  ASSERT_TRUE(holder->Generate(GreedyRequest(PlainPrompt(200), 1)).ok());
  const auto session = engine->NewSession().value();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(StatusCode::kResourceExhausted, session->Generate(GreedyRequest(PlainPrompt(10), 1)).status().code());
  }
  EXPECT_THAT(engine->Health().reasons, ElementsAre(StartsWith("errors: ")));
}

TEST(EngineHealth, SeesAStepThatDoesNotEnd) {
  const auto engine = LoadTiny(WatchedOptions());
  std::promise<void> stuck, go_on;
  GenerateRequest request = GreedyRequest(PlainPrompt(5), 1);
  request.on_token = [&](text::TokenId) {
    stuck.set_value();
    go_on.get_future().wait();
    return true;
  };
  std::thread asker([&] { EXPECT_TRUE(engine->NewSession().value()->Generate(request).ok()); });
  stuck.get_future().wait();
  EXPECT_EQ(HealthState::Healthy, engine->Health().state) << "the first look";
  EXPECT_EQ(HealthState::Unhealthy, engine->Health().state);
  go_on.set_value();
  asker.join();
  while (engine->Health().state != HealthState::Healthy) std::this_thread::yield();
}

}  // namespace
}  // namespace sterna::engine
