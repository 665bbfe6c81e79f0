// SPDX-License-Identifier: Apache-2.0
//
// Many sessions on many threads; meant for the thread sanitizer as much as for its own checks.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

EngineOptions SharedOptions() {
  EngineOptions options = TinyOptions();
  options.threads = 2;
  options.max_sessions = 6;
  options.step_rows = 16;
  options.prefill_chunk_tokens = 8;
  return options;
}

TEST(Concurrency, SessionsOnManyThreadsAnswerAsIfAlone) {
  const auto engine = LoadTiny(SharedOptions());
  std::vector<std::vector<text::TokenId>> alone(6), together(6);
  const auto run = [&](size_t i) {
    return engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(10 + 13 * i, int(i)), 12)).value().tokens;
  };
  for (size_t i = 0; i < alone.size(); ++i) alone[i] = run(i);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < together.size(); ++i) threads.emplace_back([&, i] { together[i] = run(i); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
}

TEST(Concurrency, MoreSessionsThanStepRowsAllFinish) {
  EngineOptions options = SharedOptions();
  options.step_rows = 2;
  const auto engine = LoadTiny(options);
  std::atomic<int> finished = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto session = engine->NewSession().value();
      if (session->Generate(GreedyRequest(PlainPrompt(7, i), 9)).value().tokens.size() == 9) ++finished;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(finished, 6);
}

// With one row a step, an answer that always went first would leave nothing to the other until its end.
TEST(Concurrency, AnswersTakeTurnsWhenAStepHasNoRoomForAll) {
  EngineOptions options = SharedOptions();
  options.step_rows = 1;
  options.context_tokens = 4096;
  options.max_sessions = 2;
  const auto engine = LoadTiny(options);
  const auto long_session = engine->NewSession().value(), short_session = engine->NewSession().value();
  std::promise<void> started;
  std::atomic<bool> short_done = false;
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 4000);
  request.on_token = [&, first = true](text::TokenId) mutable {
    if (std::exchange(first, false)) started.set_value();
    return true;
  };
  request.cancelled = [&] { return short_done.load(); };
  std::thread caller(
      [&] { EXPECT_EQ(long_session->Generate(request).value().finish_reason, FinishReason::kCancelled); });
  started.get_future().wait();
  EXPECT_EQ(short_session->Generate(GreedyRequest(PlainPrompt(3), 5)).value().tokens.size(), 5u);
  short_done = true;
  caller.join();
}

TEST(Concurrency, CancelledRequestsDisturbNobody) {
  const auto engine = LoadTiny(SharedOptions());
  const auto expected = engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(30), 20)).value().tokens;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const auto session = engine->NewSession().value();
      for (int round = 0; round < 5; ++round) {
        GenerateRequest request = GreedyRequest(PlainPrompt(20, i), 50);
        int polls = 0;
        request.cancelled = [&] { return ++polls > 3 + round; };
        EXPECT_EQ(session->Generate(request).value().finish_reason, FinishReason::kCancelled);
        session->Truncate(0);
      }
    });
  }
  const auto session = engine->NewSession().value();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(session->Generate(GreedyRequest(PlainPrompt(30), 20)).value().tokens, expected);
    session->Truncate(0);
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Concurrency, ASecondRequestToABusySessionIsRefused) {
  const auto engine = LoadTiny(SharedOptions());
  const auto session = engine->NewSession().value();
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 3);
  std::promise<void> started;
  std::promise<void> refused;
  request.on_token = [&](text::TokenId) {
    if (session->tokens().size() == 4) {
      started.set_value();
      refused.get_future().wait();
    }
    return true;
  };
  std::thread caller([&] { EXPECT_TRUE(session->Generate(request).ok()); });
  started.get_future().wait();
  EXPECT_EQ(session->Generate(GreedyRequest(PlainPrompt(3), 3)).status().code(), StatusCode::kFailedPrecondition);
  refused.set_value();
  caller.join();
}

TEST(Concurrency, DestroyingTheEngineCancelsRequestsInFlight) {
  EngineOptions options = SharedOptions();
  options.context_tokens = 4096;
  options.max_sessions = 1;
  auto engine = LoadTiny(options);
  const auto session = engine->NewSession().value();
  std::promise<void> started;
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 4000);
  request.on_token = [&, first = true](text::TokenId) mutable {
    if (std::exchange(first, false)) started.set_value();
    return true;
  };
  std::thread caller([&] { EXPECT_EQ(session->Generate(request).status().code(), StatusCode::kCancelled); });
  started.get_future().wait();
  engine.reset();
  caller.join();
}

}  // namespace
}  // namespace sterna::engine
