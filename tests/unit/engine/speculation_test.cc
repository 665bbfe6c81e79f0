// SPDX-License-Identifier: Apache-2.0
//
// Speculation changes nothing but the time: the same tokens, calls and session as without.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <vector>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

// A prompt that repeats itself, so that there is something to guess.
std::vector<text::TokenId> RepeatedPrompt(text::TokenId seed) {
  std::vector<text::TokenId> ids = PlainPrompt(12, seed);
  const std::vector<text::TokenId> once = ids;
  for (int i = 0; i < 3; ++i) ids.insert(ids.end(), once.begin(), once.end());
  return ids;
}

struct Outcome {
  std::vector<text::TokenId> tokens, called, held;
  FinishReason reason{};
  std::optional<text::TokenId> end_token;
  std::vector<text::TokenId> next;  // of a second request to the same session
  Timings timings;
};

void ExpectSame(const Outcome& expected, const Outcome& actual) {
  EXPECT_EQ(expected.tokens, actual.tokens);
  EXPECT_EQ(expected.called, actual.called);
  EXPECT_EQ(expected.held, actual.held);
  EXPECT_EQ(expected.reason, actual.reason);
  EXPECT_EQ(expected.end_token, actual.end_token);
  EXPECT_EQ(expected.next, actual.next);
}

Outcome Answer(Engine& engine, GenerateRequest request, uint32_t speculate) {
  const auto session = engine.NewSession().value();
  Outcome outcome;
  request.speculate_tokens = speculate;
  const auto on_token = request.on_token;
  request.on_token = [&](text::TokenId token) {
    outcome.called.push_back(token);
    return !on_token || on_token(token);
  };
  const GenerateResult result = session->Generate(request).value();
  outcome.tokens = result.tokens;
  outcome.reason = result.finish_reason;
  outcome.end_token = result.end_token;
  outcome.timings = result.timings;
  outcome.held.assign(session->tokens().begin(), session->tokens().end());
  if (session->context_tokens() - outcome.held.size() >= 10) {
    outcome.next = session->Generate(GreedyRequest(PlainPrompt(3), 4)).value().tokens;
  }
  return outcome;
}

class Speculation : public ::testing::Test {
 protected:
  // With 3 and 7 guesses as with none. Returns what the last run accepted.
  uint32_t Check(const GenerateRequest& request) {
    const Outcome expected = Answer(*engine_, request, 0);
    EXPECT_EQ(0u, expected.timings.guessed_tokens);
    uint32_t accepted = 0;
    for (const uint32_t speculate : {3u, 7u}) {
      SCOPED_TRACE(speculate);
      const Outcome actual = Answer(*engine_, request, speculate);
      ExpectSame(expected, actual);
      EXPECT_LE(actual.timings.accepted_tokens, actual.timings.guessed_tokens);
      accepted = actual.timings.accepted_tokens;
    }
    return accepted;
  }

  std::unique_ptr<Engine> engine_ = LoadTiny();
};

TEST_F(Speculation, GivesTheGreedyTokensOfManyPrompts) {
  uint32_t accepted = 0;
  for (text::TokenId seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    accepted += Check(GreedyRequest(RepeatedPrompt(seed), 90));
  }
  EXPECT_GT(accepted, 100u);
}

TEST_F(Speculation, GivesTheSampledTokensOfManySeeds) {
  uint32_t accepted = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    GenerateRequest request = GreedyRequest(RepeatedPrompt(text::TokenId(seed)), 60);
    request.sampling.temperature = 0.8f;
    request.sampling.top_k = 2;
    request.sampling.seed = seed;
    accepted += Check(request);
  }
  EXPECT_GT(accepted, 0u);
}

TEST_F(Speculation, PenaltiesSeeTheTrueHistory) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    GenerateRequest request = GreedyRequest(RepeatedPrompt(text::TokenId(seed)), 60);
    request.sampling.temperature = seed % 2 == 0 ? 0.8f : 0.0f;
    request.sampling.seed = seed;
    request.sampling.repetition_penalty = 1.02f;
    request.sampling.frequency_penalty = 0.05f;
    request.sampling.penalty_window_tokens = 5;
    Check(request);
  }
}

TEST_F(Speculation, EndsWhereACallbackSaysSoInsideAGuess) {
  for (size_t stop_at = 20; stop_at < 32; ++stop_at) {
    SCOPED_TRACE(stop_at);
    size_t calls = 0;
    GenerateRequest request = GreedyRequest(RepeatedPrompt(1), 90);
    request.on_token = [&](text::TokenId) { return ++calls % stop_at != 0; };
    Check(request);
  }
}

TEST_F(Speculation, EndsAtEveryLength) {
  for (uint32_t length = 20; length < 32; ++length) {
    SCOPED_TRACE(length);
    Check(GreedyRequest(RepeatedPrompt(1), length));
  }
}

TEST_F(Speculation, FillsTheContextToItsEnd) {
  const Outcome expected = Answer(*engine_, GreedyRequest(RepeatedPrompt(2), 1000), 0);
  EXPECT_EQ(256u, expected.held.size());
  Check(GreedyRequest(RepeatedPrompt(2), 1000));
}

TEST_F(Speculation, EndsAtAnEndOfGenerationTokenInsideAGuess) {
  text::TokenId end = 0;
  while (!engine_->tokenizer().IsEndOfGeneration(end)) ++end;
  // The prompt holds the end token over and over, and the draw is forced to it after some tokens of a loop.
  std::vector<text::TokenId> prompt;
  for (int i = 0; i < 10; ++i) prompt.insert(prompt.end(), {5, end});
  for (const bool ignore : {false, true}) {
    GenerateRequest request = GreedyRequest(prompt, 20);
    request.ignore_end_of_generation = ignore;
    Force(request, end);
    Check(request);
  }
}

TEST_F(Speculation, AForcedTokenIsGuessedFromItsRun) {
  GenerateRequest request = GreedyRequest(PlainPrompt(10), 64);
  Force(request, 77);
  EXPECT_GE(Check(request), 40u);
}

TEST_F(Speculation, PromptLogitsAreThoseOfThePrompt) {
  const auto logits_with = [&](uint32_t speculate) {
    std::vector<std::pair<uint32_t, float>> seen;
    GenerateRequest request = GreedyRequest(RepeatedPrompt(3), 5);
    request.speculate_tokens = speculate;
    request.on_prompt_logits = [&](uint32_t position, std::span<const float> logits) {
      seen.emplace_back(position, logits[7]);
    };
    (void)engine_->NewSession().value()->Generate(request).value();
    return seen;
  };
  EXPECT_EQ(48u, logits_with(7).size());
  EXPECT_EQ(logits_with(0), logits_with(7));
}

TEST_F(Speculation, AThrowingCallbackInsideAGuessLeavesTheSameSession) {
  std::vector<std::vector<text::TokenId>> held;
  for (const uint32_t speculate : {0u, 7u}) {
    const auto session = engine_->NewSession().value();
    size_t calls = 0;
    GenerateRequest request = GreedyRequest(PlainPrompt(10), 64);
    Force(request, 77);
    request.speculate_tokens = speculate;
    request.on_token = [&](text::TokenId) -> bool {
      if (++calls == 21) throw std::runtime_error("no more");
      return true;
    };
    EXPECT_FALSE(session->Generate(request).ok());
    held.emplace_back(session->tokens().begin(), session->tokens().end());
  }
  EXPECT_EQ(held[0], held[1]);
}

TEST_F(Speculation, GivesTheTokensOfAScreenedHead) {
  const std::unique_ptr<Engine> whole = std::move(engine_);
  EngineOptions options = TinyOptions();
  options.head = HeadChoice::kCertified;
  engine_ = LoadTiny(options);
  for (const float penalty : {1.0f, 1.05f}) {
    for (const float temperature : {0.0f, 0.8f}) {
      GenerateRequest request = GreedyRequest(RepeatedPrompt(4), 80);
      request.sampling.repetition_penalty = penalty;
      request.sampling.penalty_window_tokens = 9;
      request.sampling.temperature = temperature;
      request.sampling.top_k = 5;
      request.sampling.logit_bias = {{50, 0.5f}, {60, -0.5f}};
      Check(request);
      ExpectSame(Answer(*whole, request, 0), Answer(*engine_, request, 7));
    }
  }
}

TEST(SpeculationInBatches, SessionsSideBySideGetTheTokensTheyGetAlone) {
  EngineOptions options = TinyOptions();
  options.max_sessions = 5;
  for (const uint32_t step_rows : {256u, 7u}) {
    options.step_rows = step_rows;
    const auto engine = LoadTiny(options);
    const auto request_of = [](size_t i) {
      GenerateRequest request = GreedyRequest(RepeatedPrompt(text::TokenId(i + 1)), 60);
      request.sampling.temperature = i % 2 == 0 ? 0.0f : 0.8f;
      request.sampling.seed = i;
      return request;
    };
    std::vector<Outcome> expected(4), actual(4);
    for (size_t i = 0; i < 4; ++i) expected[i] = Answer(*engine, request_of(i), 0);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] { actual[i] = Answer(*engine, request_of(i), 7); });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < 4; ++i) {
      SCOPED_TRACE(i);
      ExpectSame(expected[i], actual[i]);
    }
  }
}

}  // namespace
}  // namespace sterna::engine
