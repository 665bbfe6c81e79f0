// SPDX-License-Identifier: Apache-2.0
//
// With shells as processes: no model, no sockets.
#include "router/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace sterna::router {
namespace {

constexpr char kServes[] = "printf x >&3; exec sleep 600";

Supervisor::Settings Shells(std::vector<std::string> scripts) {
  Supervisor::Settings settings;
  settings.count = uint32_t(scripts.size());
  settings.executable = "/bin/sh";
  settings.words = [scripts = std::move(scripts)](uint32_t i) {
    return std::vector<std::string>{"sh", "-c", scripts[i]};
  };
  settings.on_up = settings.on_down = [](uint32_t) {};
  return settings;
}

bool Never() { return false; }

TEST(Supervisor, StartsAllAndEndsAll) {
  Supervisor supervisor(Shells({kServes, kServes}));
  const auto started = supervisor.Start(Never);
  ASSERT_TRUE(started.ok()) << started.status().message();
  EXPECT_EQ(*started, std::nullopt);
  const auto states = supervisor.States();
  for (const auto& state : states) EXPECT_TRUE(state.up);
  supervisor.Stop();
  for (const auto& state : states) EXPECT_EQ(kill(state.process, 0), -1);
}

TEST(Supervisor, StartsAgainWhatWasKilledAndTellsBoth) {
  Supervisor::Settings settings = Shells({kServes, kServes});
  std::atomic<int> ups{0}, downs{0};
  settings.on_up = [&](uint32_t) { ++ups; };
  settings.on_down = [&](uint32_t) { ++downs; };
  Supervisor supervisor(settings);
  ASSERT_TRUE(supervisor.Start(Never).ok());
  const pid_t first = supervisor.States()[1].process;
  kill(first, SIGKILL);
  while (ups < 3) std::this_thread::yield();
  EXPECT_EQ(downs, 1);
  EXPECT_EQ(supervisor.States()[1].restarts, 1u);
  EXPECT_NE(supervisor.States()[1].process, first);
  EXPECT_EQ(supervisor.States()[0].restarts, 0u);
}

TEST(Supervisor, AFirstStartThatFailsGivesItsExitCodeAndNoOtherIsStarted) {
  Supervisor::Settings settings = Shells({"exit 3", kServes});
  std::atomic<int> ups{0};
  settings.on_up = [&](uint32_t) { ++ups; };
  Supervisor supervisor(settings);
  const auto started = supervisor.Start(Never);
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(*started, 3);
  EXPECT_EQ(ups, 0);
}

TEST(Supervisor, AnotherThatFailsEndsTheFirst) {
  Supervisor supervisor(Shells({kServes, "exit 4"}));
  const auto started = supervisor.Start(Never);
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(*started, 4);
  EXPECT_EQ(supervisor.States()[0].process, 0);
}

TEST(Supervisor, ASignalBeforeItIsReadyIsNamed) {
  Supervisor supervisor(Shells({"kill -9 $$"}));
  const auto started = supervisor.Start(Never);
  EXPECT_EQ(started.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(started.status().message(), ::testing::HasSubstr("signal 9 (Killed)"));
}

TEST(Supervisor, WaitingForAStartCanBeGivenUp) {
  Supervisor supervisor(Shells({"exec sleep 600"}));
  const auto started = supervisor.Start([] { return true; });
  EXPECT_EQ(started.status().code(), StatusCode::kCancelled);
}

TEST(Supervisor, AProgramThatIsNotThereIsAnError) {
  Supervisor::Settings settings = Shells({kServes});
  settings.executable = "/nonexistent/program";
  Supervisor supervisor(settings);
  EXPECT_EQ(supervisor.Start(Never).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sterna::router
