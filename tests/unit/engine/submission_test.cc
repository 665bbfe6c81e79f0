// SPDX-License-Identifier: Apache-2.0
//
// Requests without sessions: each answer is the one it would be alone, whatever runs beside it. Meant for the thread
// sanitizer too.
#include "engine/submission.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

using Answer = Result<GenerateResult>;

EngineOptions SharedOptions() {
  EngineOptions options = TinyOptions();
  options.threads = 2;
  options.max_sessions = 2;
  options.step_rows = 16;
  options.prefill_chunk_tokens = 8;
  return options;
}

std::future<Answer> Submit(Engine& engine, Submission submission) {
  auto promise = std::make_shared<std::promise<Answer>>();
  submission.on_done = [promise](Answer answer) { promise->set_value(std::move(answer)); };
  std::future<Answer> answer = promise->get_future();
  if (const Status status = engine.Submit(std::move(submission)); !status.ok()) promise->set_value(status);
  return answer;
}

std::future<Answer> Submit(Engine& engine, GenerateRequest request) {
  return Submit(engine, Submission{.generate = std::move(request)});
}

GenerateRequest Varied(size_t i) {
  GenerateRequest request = GreedyRequest(PlainPrompt(5 + 11 * (i % 7), int(i)), uint32_t(10 + 9 * (i % 5)));
  request.sampling.temperature = i % 2 == 0 ? 0.0f : 1.0f;
  request.sampling.seed = i;
  return request;
}

// Holds the step loop in a callback of a request until it is let go.
class Gate {
 public:
  explicit Gate(Engine& engine, size_t prompt_tokens = 3) {
    GenerateRequest request = GreedyRequest(PlainPrompt(prompt_tokens), 2);
    request.on_token = [this, first = true](text::TokenId) mutable {
      if (!std::exchange(first, false)) return true;
      reached_.set_value();
      open_.get_future().wait();
      return true;
    };
    answer_ = Submit(engine, std::move(request));
    reached_.get_future().wait();
  }
  Answer Open() {
    open_.set_value();
    return answer_.get();
  }

 private:
  std::promise<void> reached_, open_;
  std::future<Answer> answer_;
};

TEST(Submission, ManyAtOnceAnswerAsIfAlone) {
  const auto engine = LoadTiny(SharedOptions());
  constexpr size_t kRequests = 24;
  std::vector<std::vector<text::TokenId>> alone;
  for (size_t i = 0; i < kRequests; ++i) {
    alone.push_back(engine->NewSession().value()->Generate(Varied(i)).value().tokens);
  }
  std::vector<std::future<Answer>> answers(kRequests);
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t i = thread; i < kRequests; i += 4) answers[i] = Submit(*engine, Varied(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < kRequests; ++i) EXPECT_EQ(answers[i].get().value().tokens, alone[i]) << i;
  EXPECT_EQ(engine->Queue().kv_blocks_used, 0u);
}

// Three blocks of 64 tokens, and each request wants two in the end: they give way to each other.
TEST(Submission, PreemptedRequestsAnswerAsIfAlone) {
  EngineOptions options = SharedOptions();
  options.context_tokens = 192;
  options.max_sessions = 1;
  const auto engine = LoadTiny(options);
  const auto request = [](size_t i) {
    GenerateRequest made = GreedyRequest(PlainPrompt(40, int(i)), 60);
    made.sampling.temperature = 1;
    made.sampling.seed = i;
    return made;
  };
  std::vector<std::vector<text::TokenId>> alone;
  for (size_t i = 0; i < 4; ++i) alone.push_back(engine->NewSession().value()->Generate(request(i)).value().tokens);
  std::vector<std::future<Answer>> answers;
  for (size_t i = 0; i < 4; ++i) answers.push_back(Submit(*engine, request(i)));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(answers[i].get().value().tokens, alone[i]) << i;
  EXPECT_GT(engine->Queue().preempted_total, 0u);
}

TEST(Submission, WhatBeginsLikeAnEarlierRequestIsNotComputedAgain) {
  const auto engine = LoadTiny(SharedOptions());
  const std::vector<text::TokenId> beginning = PlainPrompt(200);
  const auto request = [&](text::TokenId last) {
    std::vector<text::TokenId> prompt = beginning;
    prompt.push_back(last);
    return GreedyRequest(std::move(prompt), 20);
  };
  const auto alone = [&](text::TokenId last) {
    return engine->NewSession().value()->Generate(request(last)).value().tokens;
  };
  const GenerateResult first = Submit(*engine, request(7)).get().value();
  EXPECT_EQ(first.timings.prompt_tokens, 201u);
  const GenerateResult again = Submit(*engine, request(7)).get().value();
  EXPECT_EQ(again.timings.prompt_tokens, 201u - 192u);
  EXPECT_EQ(again.tokens, first.tokens);
  const GenerateResult other = Submit(*engine, request(8)).get().value();
  EXPECT_EQ(other.timings.prompt_tokens, 201u - 192u);
  EXPECT_EQ(other.tokens, alone(8));
  EXPECT_EQ(first.tokens, alone(7));
}

TEST(Submission, RememberedBlocksGiveWayToRequests) {
  EngineOptions options = SharedOptions();
  options.max_sessions = 1;  // four blocks
  const auto engine = LoadTiny(options);
  for (int i = 0; i < 6; ++i) {
    const auto expected = engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(230, i), 20)).value();
    EXPECT_EQ(Submit(*engine, GreedyRequest(PlainPrompt(230, i), 20)).get().value().tokens, expected.tokens);
  }
  EXPECT_EQ(engine->Queue().kv_blocks_used, 0u);
}

TEST(Submission, AFullQueueRefuses) {
  EngineOptions options = SharedOptions();
  options.max_running = 1;
  options.max_waiting = 2;
  const auto engine = LoadTiny(options);
  Gate gate(*engine);
  auto first = Submit(*engine, GreedyRequest(PlainPrompt(3), 2));
  auto second = Submit(*engine, GreedyRequest(PlainPrompt(3), 2));
  EXPECT_EQ(Submit(*engine, GreedyRequest(PlainPrompt(3), 2)).get().status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(engine->Queue().waiting, 2u);
  EXPECT_TRUE(gate.Open().ok());
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
}

TEST(Submission, BadRequestsAreRefusedAtOnce) {
  const auto engine = LoadTiny(SharedOptions());
  EXPECT_EQ(Submit(*engine, GreedyRequest({}, 2)).get().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Submit(*engine, GreedyRequest({-1}, 2)).get().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Submit(*engine, GreedyRequest(PlainPrompt(257), 2)).get().status().code(), StatusCode::kResourceExhausted);
}

TEST(Submission, WhoHasLessRunningGoesFirstAndPriorityBeforeThat) {
  EngineOptions options = SharedOptions();
  options.max_running = 2;
  const auto engine = LoadTiny(options);
  std::vector<std::string> order;  // the loop's thread only
  std::vector<std::future<Answer>> answers;
  const auto submit = [&](const std::string& client, int priority, const std::string& name, uint32_t tokens = 1) {
    Submission submission{.generate = GreedyRequest(PlainPrompt(3), tokens), .priority = priority, .client = client};
    submission.generate.on_token = [&order, name, first = true](text::TokenId) mutable {
      if (std::exchange(first, false)) order.push_back(name);
      return true;
    };
    answers.push_back(Submit(*engine, std::move(submission)));
  };
  {
    Gate gate(*engine);
    submit("a", 0, "a1", 200);
    submit("a", 0, "a2");
    submit("b", 0, "b1");
    submit("c", 1, "c1");
    gate.Open().value();
  }
  for (auto& answer : answers) answer.get().value();
  EXPECT_EQ(order, (std::vector<std::string>{"c1", "a1", "b1", "a2"}));
}

TEST(Submission, CancelledWhileWaitingItNeverRuns) {
  EngineOptions options = SharedOptions();
  options.max_running = 1;
  const auto engine = LoadTiny(options);
  Gate gate(*engine);
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 2);
  request.cancelled = [] { return true; };
  auto cancelled = Submit(*engine, std::move(request));
  gate.Open().value();
  const GenerateResult result = cancelled.get().value();
  EXPECT_EQ(result.finish_reason, FinishReason::kCancelled);
  EXPECT_TRUE(result.tokens.empty());
}

TEST(Submission, ADeadlineEndsItWaitingOrRunning) {
  const auto engine = LoadTiny(SharedOptions());
  Submission late{.generate = GreedyRequest(PlainPrompt(3), 200), .deadline = std::chrono::steady_clock::now()};
  EXPECT_EQ(Submit(*engine, std::move(late)).get().status().code(), StatusCode::kCancelled);
  // Running: the callback waits until the deadline has passed.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  Submission runs{.generate = GreedyRequest(PlainPrompt(3), 200), .deadline = deadline};
  std::atomic<int> tokens = 0;
  runs.generate.on_token = [&](text::TokenId) {
    ++tokens;
    std::this_thread::sleep_until(deadline);
    return true;
  };
  EXPECT_EQ(Submit(*engine, std::move(runs)).get().status().code(), StatusCode::kCancelled);
  EXPECT_LE(tokens, 1);
}

TEST(Submission, ChoicesOfOneSeedDiffer) {
  const auto engine = LoadTiny(SharedOptions());
  const auto request = [](uint32_t choice) {
    GenerateRequest made = GreedyRequest(PlainPrompt(9), 30);
    made.sampling.temperature = 1.5f;
    made.choice = choice;
    return made;
  };
  const auto first = Submit(*engine, request(0)).get().value().tokens;
  EXPECT_EQ(Submit(*engine, request(0)).get().value().tokens, first);
  EXPECT_NE(Submit(*engine, request(1)).get().value().tokens, first);
}

TEST(Submission, DrawLogitsAreShownBeforeEachToken) {
  const auto engine = LoadTiny(SharedOptions());
  GenerateRequest request = GreedyRequest(PlainPrompt(9), 6);
  std::vector<text::TokenId> largest;
  request.on_draw_logits = [&](std::span<const float> logits) {
    largest.push_back(text::TokenId(std::max_element(logits.begin(), logits.end()) - logits.begin()));
  };
  EXPECT_EQ(Submit(*engine, std::move(request)).get().value().tokens, largest);
}

TEST(Submission, AThrowingCallbackEndsItsRequestAlone) {
  const auto engine = LoadTiny(SharedOptions());
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 9);
  request.on_token = [](text::TokenId) -> bool { throw 1; };
  EXPECT_EQ(Submit(*engine, std::move(request)).get().status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(Submit(*engine, GreedyRequest(PlainPrompt(3), 9)).get().ok());
}

TEST(Submission, DestroyingTheEngineEndsAllOfThem) {
  EngineOptions options = SharedOptions();
  options.max_running = 1;
  auto engine = LoadTiny(options);
  auto running = Submit(*engine, GreedyRequest(PlainPrompt(3), 250));
  auto waiting = Submit(*engine, GreedyRequest(PlainPrompt(3), 250));
  engine.reset();
  (void)running.get();  // done or cancelled: how far it came is a matter of time
  (void)waiting.get();
}

}  // namespace
}  // namespace sterna::engine
