// SPDX-License-Identifier: Apache-2.0
#include "sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace sterna::sample {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Everything off: a draw from softmax(logits).
SamplingParams PlainParams() {
  SamplingParams params;
  params.temperature = 1.0f;
  params.top_k = 0;
  params.top_p = 1.0f;
  return params;
}

SamplingParams GreedyParams() {
  SamplingParams params = PlainParams();
  params.temperature = 0.0f;
  return params;
}

std::vector<float> RandomLogits(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = float(generator()) / 0x1p30f - 2.0f;
  return logits;
}

int32_t Draw(std::vector<float> logits, const SamplingParams& params, const DrawContext& context = {}) {
  Sampler sampler(logits.size());
  const auto token = sampler.Draw(logits, params, context);
  EXPECT_TRUE(token.ok()) << token.status().ToString();
  return token.ok() ? *token : -1;
}

std::set<int32_t> DrawMany(const std::vector<float>& logits, const SamplingParams& params, uint64_t count = 2000) {
  std::set<int32_t> tokens;
  for (uint64_t position = 0; position < count; ++position) {
    tokens.insert(Draw(logits, params, {.history = {}, .position = position, .choice = 0}));
  }
  return tokens;
}

TEST(Sampler, GreedyTopKOfOneAndTopPOfZeroAgree) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const std::vector<float> logits = RandomLogits(500, seed);
    const int32_t greedy = Draw(logits, GreedyParams());
    EXPECT_EQ(greedy, int32_t(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    SamplingParams params = PlainParams();
    params.seed = seed;
    params.top_k = 1;
    EXPECT_EQ(Draw(logits, params), greedy);
    params.top_k = 0;
    params.top_p = 0.0f;
    EXPECT_EQ(Draw(logits, params), greedy);
    params.top_p = 1.0f;
    params.min_p = 1.0f;
    EXPECT_EQ(Draw(logits, params), greedy);
    params.min_p = 0.0f;
    params.temperature = 1e-30f;
    EXPECT_EQ(Draw(logits, params), greedy);
  }
}

TEST(Sampler, BreaksTiesInFavourOfTheSmallerId) {
  const std::vector<float> logits = {1.0f, 5.0f, 5.0f, 5.0f};
  EXPECT_EQ(Draw(logits, GreedyParams()), 1);
  SamplingParams params = PlainParams();
  params.top_k = 2;
  EXPECT_EQ(DrawMany(logits, params), (std::set<int32_t>{1, 2}));
  params.top_k = 0;
  params.top_p = 0.5f;
  EXPECT_EQ(DrawMany(logits, params), (std::set<int32_t>{1, 2}));
}

TEST(Sampler, TakesNanForMinusInfinityAndInfinityForTheLargestFloat) {
  EXPECT_EQ(Draw({std::nanf(""), -3.0f, std::nanf("")}, GreedyParams()), 1);
  EXPECT_EQ(Draw({1.0f, kInfinity, 3e38f}, PlainParams()), 1);
}

TEST(Sampler, ReportsWhenNoTokenIsLeft) {
  Sampler sampler(2);
  std::vector<float> logits = {-kInfinity, std::nanf("")};
  EXPECT_EQ(sampler.Draw(logits, PlainParams(), {}).status().code(), StatusCode::kInternal);
}

TEST(Sampler, ReportsLogitsOfAnotherSize) {
  Sampler sampler(3);
  std::vector<float> logits = {1.0f, 2.0f};
  EXPECT_EQ(sampler.Draw(logits, PlainParams(), {}).status().code(), StatusCode::kInternal);
}

TEST(Sampler, AddsBiasAndBansWithMinusInfinity) {
  SamplingParams params = GreedyParams();
  params.logit_bias = {{0, 4.5f}};
  EXPECT_EQ(Draw({1.0f, 5.0f, 2.0f}, params), 0);
  params.logit_bias = {{1, -kInfinity}};
  EXPECT_EQ(Draw({1.0f, 5.0f, 2.0f}, params), 2);
  params.temperature = 1.0f;
  EXPECT_FALSE(DrawMany({1.0f, 5.0f, 2.0f}, params).contains(1));
}

TEST(Sampler, KeepsTheTopKOnly) {
  SamplingParams params = PlainParams();
  params.temperature = 2.0f;
  params.top_k = 3;
  EXPECT_EQ(DrawMany({0.1f, 0.5f, 0.2f, 0.4f, 0.3f}, params), (std::set<int32_t>{1, 3, 4}));
  params.top_k = 100;
  EXPECT_EQ(DrawMany({0.1f, 0.5f, 0.2f, 0.4f, 0.3f}, params).size(), 5u);
}

// Probabilities 0.5, 0.3, 0.15, 0.05.
std::vector<float> FourLogits() { return {std::log(0.15f), std::log(0.5f), std::log(0.05f), std::log(0.3f)}; }

TEST(Sampler, KeepsTheSmallestSetThatReachesTopP) {
  SamplingParams params = PlainParams();
  params.top_p = 0.49f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1}));
  params.top_p = 0.51f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1, 3}));
  params.top_p = 0.79f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1, 3}));
  params.top_p = 0.81f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{0, 1, 3}));
}

TEST(Sampler, TakesTopPOfWhatTopKLeft) {
  SamplingParams params = PlainParams();
  params.top_k = 2;  // leaves 0.5 and 0.3, of which the first has 0.625
  params.top_p = 0.6f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1}));
  params.top_p = 0.65f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1, 3}));
}

TEST(Sampler, DropsTokensBelowMinPOfTheBest) {
  SamplingParams params = PlainParams();
  params.min_p = 0.59f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1, 3}));
  params.min_p = 0.61f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1}));
}

TEST(Sampler, AppliesTemperatureBeforeTheCuts) {
  SamplingParams params = PlainParams();
  params.temperature = 2.0f;  // 0.5 : 0.3 becomes sqrt: ratio 0.775
  params.min_p = 0.75f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1, 3}));
  params.min_p = 0.79f;
  EXPECT_EQ(DrawMany(FourLogits(), params), (std::set<int32_t>{1}));
}

TEST(Sampler, TopPOverAWholeVocabularyAgreesWithSorting) {
  const std::vector<float> logits = RandomLogits(3000, 11);
  std::vector<int32_t> ids(logits.size());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = int32_t(i);
  std::sort(ids.begin(), ids.end(), [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
  double total = 0.0;
  for (const float logit : logits) total += std::exp(double(logit));
  SamplingParams params = PlainParams();
  params.top_p = 0.2f;
  std::set<int32_t> kept;
  double reached = 0.0;
  for (size_t i = 0; reached < double(params.top_p) * total; ++i) {
    reached += std::exp(double(logits[ids[i]]));
    kept.insert(ids[i]);
  }
  ASSERT_GT(kept.size(), 64u);                      // more than one step of partial sorting
  EXPECT_EQ(DrawMany(logits, params, 5000), kept);  // enough draws to meet every one of about equal tokens
}

// The penalties, by hand: which of two tokens wins shows on which side of the other's logit the result lies.
void ExpectPenalized(float logit, const SamplingParams& params, const std::vector<int32_t>& history, float expected) {
  const DrawContext context{.history = history, .position = 0, .choice = 0};
  EXPECT_EQ(Draw({logit, expected - 0.01f}, params, context), 0) << "penalized below " << expected;
  EXPECT_EQ(Draw({logit, expected + 0.01f}, params, context), 1) << "penalized above " << expected;
}

TEST(Sampler, RepetitionPenaltyDividesPositiveAndMultipliesNegativeLogits) {
  SamplingParams params = GreedyParams();
  params.repetition_penalty = 2.0f;
  ExpectPenalized(3.0f, params, {0}, 1.5f);
  ExpectPenalized(3.0f, params, {0, 0, 0}, 1.5f);
  ExpectPenalized(-3.0f, params, {0}, -6.0f);
  ExpectPenalized(3.0f, params, {}, 3.0f);
}

TEST(Sampler, FrequencyPenaltyCountsAndPresencePenaltyDoesNot) {
  SamplingParams params = GreedyParams();
  params.frequency_penalty = 0.5f;
  ExpectPenalized(3.0f, params, {0, 0, 0}, 1.5f);
  params.presence_penalty = 0.25f;
  ExpectPenalized(3.0f, params, {0, 0, 0}, 1.25f);
  params.frequency_penalty = 0.0f;
  ExpectPenalized(3.0f, params, {0, 0, 0}, 2.75f);
}

TEST(Sampler, PenaltiesComeInTheDocumentedOrder) {
  SamplingParams params = GreedyParams();
  params.repetition_penalty = 2.0f;
  params.frequency_penalty = 0.5f;
  params.presence_penalty = 0.25f;
  params.logit_bias = {{0, 1.0f}};
  ExpectPenalized(3.0f, params, {0, 0}, (3.0f + 1.0f) / 2.0f - 2 * 0.5f - 0.25f);
}

TEST(Sampler, PenaltiesSeeOnlyTheWindow) {
  SamplingParams params = GreedyParams();
  params.frequency_penalty = 1.0f;
  params.penalty_window_tokens = 3;
  ExpectPenalized(3.0f, params, {0, 0, 7, 7, 0}, 2.0f);
}

TEST(Sampler, AWindowOfZeroIsTheWholeHistory) {
  SamplingParams params = GreedyParams();
  params.presence_penalty = 1.0f;
  params.penalty_window_tokens = 0;
  std::vector<int32_t> history(1000, 5);
  history[0] = 0;
  ExpectPenalized(3.0f, params, history, 2.0f);
}

TEST(Sampler, IgnoresHistoryOutsideTheVocabulary) {
  SamplingParams params = GreedyParams();
  params.presence_penalty = 1.0f;
  ExpectPenalized(3.0f, params, {-1, 2, 1 << 30, 0}, 2.0f);
}

TEST(Sampler, ADrawDoesNotDependOnDrawsBefore) {
  const std::vector<float> logits = RandomLogits(200, 5);
  SamplingParams params = PlainParams();
  params.presence_penalty = 0.5f;
  const std::vector<int32_t> history = {1, 2, 3};
  Sampler used(logits.size());
  for (uint64_t position = 0; position < 100; ++position) {
    const DrawContext context{.history = history, .position = position, .choice = 3};
    std::vector<float> copy = logits;
    EXPECT_EQ(*used.Draw(copy, params, context), Draw(logits, params, context)) << position;
  }
}

TEST(Sampler, SeedsChoicesAndPositionsGiveOtherDraws) {
  const std::vector<float> logits(1000, 0.0f);
  SamplingParams params = PlainParams();
  const int32_t token = Draw(logits, params);
  EXPECT_NE(Draw(logits, params, {.history = {}, .position = 1, .choice = 0}), token);
  EXPECT_NE(Draw(logits, params, {.history = {}, .position = 0, .choice = 1}), token);
  params.seed = 1;
  EXPECT_NE(Draw(logits, params), token);
}

// Cutting away tokens that lose anyway does not change who wins: noise belongs to a token, not to its rank.
TEST(Sampler, ADrawSurvivesCutsThatKeepItsToken) {
  const std::vector<float> logits = RandomLogits(300, 8);
  SamplingParams params = PlainParams();
  const int32_t token = Draw(logits, params);
  std::vector<float> fewer = logits;
  for (size_t id = 0; id < fewer.size(); id += 2) {
    if (int32_t(id) != token) fewer[id] = -kInfinity;
  }
  EXPECT_EQ(Draw(fewer, params), token);
}

}  // namespace
}  // namespace sterna::sample
