// SPDX-License-Identifier: Apache-2.0
//
// The ways to compute the head, from the choice at load to the tokens that are drawn.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

EngineOptions OptionsOf(HeadChoice head) {
  EngineOptions options = TinyOptions();
  options.head = head;
  return options;
}

uint64_t PlanesBytes(const Engine& engine) {
  for (const auto& item : engine.report().plan.items) {
    if (item.what == "head planes") return item.bytes;
  }
  return 0;
}

std::vector<GenerateRequest> SomeRequests() {
  std::vector<GenerateRequest> requests;
  for (int i = 0; i < 12; ++i) {
    GenerateRequest request = GreedyRequest(PlainPrompt(5 + size_t(i)), 60);
    sample::SamplingParams& sampling = request.sampling;
    sampling.temperature = i % 3 == 0 ? 0.0f : 0.9f;
    sampling.top_k = i % 4 == 3 ? 0 : uint32_t(1 + 3 * i);
    sampling.seed = uint64_t(i);
    if (i % 2 == 1) sampling.repetition_penalty = 1.3f;
    if (i % 5 == 1) sampling.frequency_penalty = -0.5f;
    if (i % 4 == 2) sampling.logit_bias = {{3, 4.0f}, {17, -2.0f}, {40, -std::numeric_limits<float>::infinity()}};
    requests.push_back(request);
  }
  return requests;
}

TEST(Head, EveryChoiceDrawsTheSameTokens) {
  const auto exact = LoadTiny(OptionsOf(HeadChoice::kExact));
  for (const HeadChoice choice : {HeadChoice::kCertified, HeadChoice::kScreened}) {
    const auto other = LoadTiny(OptionsOf(choice));
    for (const GenerateRequest& request : SomeRequests()) {
      const auto expected = exact->NewSession().value()->Generate(request).value();
      EXPECT_EQ(other->NewSession().value()->Generate(request).value().tokens, expected.tokens);
    }
    const backend::CpuBackendCounters counters = other->Counters();
    EXPECT_LT(counters.head_whole, counters.head_outputs);
    EXPECT_GT(counters.head_exact_rows, 0u);
  }
  EXPECT_EQ(exact->Counters().head_whole, exact->Counters().head_outputs);
}

TEST(Head, PromptLogitsAreWholeWhateverTheChoice) {
  std::vector<std::vector<float>> seen[2];
  for (const HeadChoice choice : {HeadChoice::kExact, HeadChoice::kCertified}) {
    GenerateRequest request = GreedyRequest(PlainPrompt(9), 2);
    request.on_prompt_logits = [&](uint32_t, std::span<const float> logits) {
      seen[choice == HeadChoice::kExact ? 0 : 1].emplace_back(logits.begin(), logits.end());
    };
    LoadTiny(OptionsOf(choice))->NewSession().value()->Generate(request).value();
  }
  EXPECT_EQ(seen[0].size(), 9u);
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(Head, AutoIsExactForASmallHead) {
  const auto engine = LoadTiny(OptionsOf(HeadChoice::kAuto));
  EXPECT_EQ(engine->report().head_mode, "exact");
  EXPECT_EQ(PlanesBytes(*engine), 0u);
}

TEST(Head, PlanesArePlannedAndCountAgainstTheMemoryLimit) {
  const auto exact = LoadTiny(OptionsOf(HeadChoice::kExact));
  const auto certified = LoadTiny(OptionsOf(HeadChoice::kCertified));
  EXPECT_EQ(certified->report().head_mode, "certified");
  EXPECT_GT(PlanesBytes(*certified), 0u);
  EngineOptions options = OptionsOf(HeadChoice::kExact);
  options.memory_limit_bytes = exact->report().plan.TotalBytes() + PlanesBytes(*certified) / 2;
  EXPECT_TRUE(Engine::Load(TinyModelPath(), options).ok());
  options.head = HeadChoice::kCertified;
  EXPECT_EQ(Engine::Load(TinyModelPath(), options).status().code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace sterna::engine
