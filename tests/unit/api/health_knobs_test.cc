// SPDX-License-Identifier: Apache-2.0
//
// Each setting of health changes what an engine says of itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "unit/api/knob_run.h"

namespace sterna {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class HealthKnobs : public ::testing::Test {
 protected:
  HealthKnobs() {
    config_.engine.thread_count = 1;
    config_.health.latency_threshold_ms = 86'400'000;  // a machine may be slow
    config_.inference.max_sequence_length = 256;
  }
  std::unique_ptr<engine::Engine> Load() {
    engine::EngineOptions options = OptionsOf(config_).value();
    options.pressure.reset();  // so that health alone reads
    options.read_pressure = [this] { return ++reads_, memory::PressureReading{.budget_share = share_}; };
    return engine::Engine::Load(kBuiltInModel, options).value();
  }

  Config config_;
  std::atomic<double> share_{0.85};
  std::atomic<int> reads_{0};
};

TEST_F(HealthKnobs, memory_threshold) {
  EXPECT_EQ(HealthState::Healthy, Load()->Health().state);
  config_.health.memory_threshold = 0.8;
  EXPECT_THAT(Load()->Health().reasons, ElementsAre("memory: 85 % in use, over 80 %"));
}

TEST_F(HealthKnobs, latency_threshold_ms) {
  const auto reasons_after_an_answer = [&] {
    const auto engine = Load();
    EXPECT_TRUE(engine->NewSession().value()->Generate(RequestOf(1)).ok());
    return engine->Health().reasons;
  };
  EXPECT_THAT(reasons_after_an_answer(), ElementsAre());
  config_.health.latency_threshold_ms = 0;
  EXPECT_THAT(reasons_after_an_answer(), ElementsAre(StartsWith("latency: ")));
}

TEST_F(HealthKnobs, error_rate_threshold) {
  const auto reasons_after_failures = [&] {
    const auto engine = Load();
    const auto holder = engine->NewSession().value(), session = engine->NewSession().value();
    EXPECT_TRUE(holder->Generate(RequestOf(1)).ok());  // holds every block
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(session->Generate(RequestOf(1)).ok());
    return engine->Health().reasons;
  };
  EXPECT_THAT(reasons_after_failures(), ElementsAre(StartsWith("errors: ")));
  config_.health.error_rate_threshold = 1;
  EXPECT_THAT(reasons_after_failures(), ElementsAre());
}

TEST_F(HealthKnobs, check_interval) {
  config_.health.check_interval = std::chrono::hours(24);
  const auto rarely = Load();
  config_.health.check_interval = std::chrono::milliseconds(1);
  const auto often = Load();
  EXPECT_EQ(HealthState::Healthy, rarely->Health().state);
  EXPECT_EQ(HealthState::Healthy, often->Health().state);
  share_ = 0.95;
  while (often->Health().state == HealthState::Healthy) std::this_thread::yield();
  EXPECT_EQ(HealthState::Healthy, rarely->Health().state);
}

TEST_F(HealthKnobs, engine_health_check_interval) {
  const auto state_while_stuck = [&](HealthState awaited) {
    const auto engine = Load();
    std::promise<void> stuck, go_on;
    engine::GenerateRequest request = RequestOf(1);
    request.on_token = [&](text::TokenId) { return stuck.set_value(), go_on.get_future().wait(), true; };
    std::thread asker([&] { EXPECT_TRUE(engine->NewSession().value()->Generate(request).ok()); });
    stuck.get_future().wait();
    engine->Health();
    while (engine->Health().state != awaited) std::this_thread::yield();
    go_on.set_value();
    asker.join();
  };
  config_.engine.health_check_interval = std::chrono::milliseconds(1);
  state_while_stuck(HealthState::Unhealthy);
  config_.engine.health_check_interval = std::chrono::hours(24);
  state_while_stuck(HealthState::Healthy);
}

TEST_F(HealthKnobs, enable_monitoring) {
  config_.health.check_interval = std::chrono::milliseconds(1);
  {
    const auto unwatched = Load();
    EXPECT_TRUE(unwatched->NewSession().value()->Generate(RequestOf(4)).ok());
    EXPECT_EQ(0, reads_);
  }
  config_.engine.enable_monitoring = true;
  const auto watched = Load();
  while (reads_ < 3) std::this_thread::yield();
}

}  // namespace
}  // namespace sterna
