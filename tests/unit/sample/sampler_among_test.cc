// SPDX-License-Identifier: Apache-2.0
//
// A draw from the logits that a draw looks at is the draw from all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "sample/sampler.h"

namespace sterna::sample {
namespace {

constexpr size_t kVocabulary = 400;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

class Drawing {
 public:
  explicit Drawing(uint32_t seed) : random_(seed) {
    for (float& logit : logits_) logit = float(Below(2000)) / 100 - 8;  // with ties
    if (Below(3) == 0) logits_[Below(kVocabulary)] = std::numeric_limits<float>::quiet_NaN();
    if (Below(3) == 0) logits_[Below(kVocabulary)] = kInfinity;
    if (Below(4) == 0) std::fill(logits_.begin() + 7, logits_.end(), -kInfinity);  // fewer than top-k are left
    params_.temperature = Below(4) == 0 ? 0.0f : 0.5f + float(Below(10)) / 10;
    params_.top_k = 1 + Below(60);
    params_.top_p = Below(3) == 0 ? 1.0f : float(Below(100)) / 100;
    params_.min_p = Below(3) == 0 ? float(Below(10)) / 100 : 0.0f;
    if (Below(2) == 0) params_.repetition_penalty = 0.8f + float(Below(10)) / 10;
    if (Below(3) == 0) params_.frequency_penalty = float(Below(30)) / 10 - 1.5f;
    if (Below(3) == 0) params_.presence_penalty = float(Below(30)) / 10 - 1.5f;
    params_.penalty_window_tokens = Below(2) * 20;
    for (uint32_t i = Below(5); i > 0; --i) {
      const float biases[] = {-kInfinity, -3.0f, 2.5f, 30.0f};
      params_.logit_bias.emplace_back(int32_t(Below(kVocabulary)), biases[Below(4)]);
    }
    for (uint32_t i = Below(60); i > 0; --i) history_.push_back(int32_t(Below(kVocabulary)));
    params_.seed = seed;
  }

  int32_t FromAll(uint64_t position) {
    std::vector<float> logits = logits_;
    return sampler_.Draw(logits, params_, {history_, position, 0}).value();
  }
  int32_t FromPart(uint64_t position) {
    const std::vector<int32_t> ids = Part();
    std::vector<float> logits;
    for (const int32_t id : ids) logits.push_back(logits_[size_t(id)]);
    return sampler_.DrawAmong(ids, logits, params_, {history_, position, 0}).value();
  }

 private:
  uint32_t Below(uint32_t limit) { return uint32_t(random_() % limit); }

  std::vector<int32_t> Part() {
    const auto touched = sampler_.Touched(params_, history_);
    const auto is_touched = [&](int32_t id) { return std::find(touched.begin(), touched.end(), id) != touched.end(); };
    std::vector<float> others;
    const auto orderly = [&](size_t id) { return logits_[id] == logits_[id] ? logits_[id] : -kInfinity; };
    for (size_t id = 0; id < kVocabulary; ++id) {
      if (!is_touched(int32_t(id))) others.push_back(orderly(id));
    }
    std::sort(others.begin(), others.end(), std::greater<>());
    const float last = others[std::min<size_t>(LargestLogitsOfDraw(params_), others.size()) - 1];
    std::vector<int32_t> part;
    for (size_t id = 0; id < kVocabulary; ++id) {
      if (is_touched(int32_t(id)) || orderly(id) >= last) part.push_back(int32_t(id));
    }
    return part;
  }

  std::mt19937 random_;
  std::vector<float> logits_ = std::vector<float>(kVocabulary);
  SamplingParams params_;
  std::vector<int32_t> history_;
  Sampler sampler_{kVocabulary};
};

TEST(SamplerAmong, APartWithTheLargestLogitsDrawsWhatAllLogitsDraw) {
  for (uint32_t seed = 0; seed < 1500; ++seed) {
    Drawing drawing(seed);
    for (uint64_t position = 0; position < 4; ++position) {
      ASSERT_EQ(drawing.FromPart(position), drawing.FromAll(position)) << "seed " << seed;
    }
  }
}

TEST(SamplerAmong, ADrawWithoutTopKLooksAtAllLogits) {
  SamplingParams params;
  EXPECT_EQ(LargestLogitsOfDraw(params), 50u);
  params.top_k = 0;
  EXPECT_EQ(LargestLogitsOfDraw(params), 0u);
  params.temperature = 0;
  EXPECT_EQ(LargestLogitsOfDraw(params), 1u);
}

TEST(SamplerAmong, TouchedTokensAreThoseOfBiasAndWindowEachOnce) {
  Sampler sampler(10);
  SamplingParams params;
  const std::vector<int32_t> history = {1, 2, 3, 2, 9, 11};
  EXPECT_TRUE(sampler.Touched(params, history).empty());
  params.logit_bias = {{3, 1.0f}, {4, 1.0f}, {3, 2.0f}};
  const auto biased = sampler.Touched(params, history);
  EXPECT_EQ(std::vector<int32_t>(biased.begin(), biased.end()), (std::vector<int32_t>{3, 4}));
  params.presence_penalty = 1;
  params.penalty_window_tokens = 4;
  const auto both = sampler.Touched(params, history);
  EXPECT_EQ(std::vector<int32_t>(both.begin(), both.end()), (std::vector<int32_t>{3, 4, 2, 9}));
}

TEST(SamplerAmong, IdsWithoutTheirLogitsAreRefused) {
  Sampler sampler(10);
  std::vector<float> logits = {1};
  const std::vector<int32_t> ids = {1, 2};
  EXPECT_EQ(sampler.DrawAmong(ids, logits, {}, {}).status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace sterna::sample
