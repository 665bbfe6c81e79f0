// SPDX-License-Identifier: Apache-2.0
//
// Many draws against the softmax they should follow: chi-square with fixed seeds, at the 0.999 quantile.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "sample/sampler.h"

namespace sterna::sample {
namespace {

constexpr int kDraws = 40000;
constexpr double kQuantile9Degrees = 27.88;

const std::vector<float> kLogits = {0.0f, 1.0f, -1.0f, 2.0f, 0.5f, 1.5f, -0.5f, 0.25f, 1.75f, -2.0f};

std::vector<int> CountDraws(const SamplingParams& params, uint32_t choice) {
  Sampler sampler(kLogits.size());
  std::vector<int> counts(kLogits.size());
  for (int position = 0; position < kDraws; ++position) {
    std::vector<float> logits = kLogits;
    const DrawContext context{.history = {}, .position = uint64_t(position), .choice = choice};
    ++counts[size_t(*sampler.Draw(logits, params, context))];
  }
  return counts;
}

double ChiSquare(const std::vector<int>& counts, double temperature) {
  double total = 0.0;
  for (const float logit : kLogits) total += std::exp(double(logit) / temperature);
  double chi_square = 0.0;
  for (size_t id = 0; id < kLogits.size(); ++id) {
    const double expected = kDraws * std::exp(double(kLogits[id]) / temperature) / total;
    chi_square += (counts[id] - expected) * (counts[id] - expected) / expected;
  }
  return chi_square;
}

TEST(SamplerDistribution, FollowsTheSoftmaxAtSeveralTemperatures) {
  for (const float temperature : {0.5f, 1.0f, 2.0f}) {
    for (const uint64_t seed : {0u, 1u, 42u}) {
      SamplingParams params;
      params.temperature = temperature;
      params.top_k = 0;
      params.top_p = 1.0f;
      params.seed = seed;
      EXPECT_LT(ChiSquare(CountDraws(params, 0), double(temperature)), kQuantile9Degrees)
          << "temperature " << temperature << ", seed " << seed;
    }
  }
}

TEST(SamplerDistribution, OfAnotherTemperatureIsTold) {
  SamplingParams params;
  params.temperature = 1.0f;
  params.top_k = 0;
  params.top_p = 1.0f;
  EXPECT_GT(ChiSquare(CountDraws(params, 0), 1.05), kQuantile9Degrees);
}

TEST(SamplerDistribution, OfParallelChoicesIsIndependent) {
  SamplingParams params;
  params.temperature = 1.0f;
  params.top_k = 0;
  params.top_p = 1.0f;
  Sampler sampler(kLogits.size());
  double expected_equal = 0.0, total = 0.0;
  for (const float logit : kLogits) total += std::exp(double(logit));
  for (const float logit : kLogits) expected_equal += std::pow(std::exp(double(logit)) / total, 2.0);
  int equal = 0;
  for (int position = 0; position < kDraws; ++position) {
    std::vector<float> first = kLogits, second = kLogits;
    const uint64_t at = uint64_t(position);
    equal += *sampler.Draw(first, params, {.history = {}, .position = at, .choice = 0}) ==
             *sampler.Draw(second, params, {.history = {}, .position = at, .choice = 1});
  }
  const double deviation = std::sqrt(expected_equal * (1.0 - expected_equal) / kDraws);
  EXPECT_NEAR(equal / double(kDraws), expected_equal, 4.0 * deviation);
}

}  // namespace
}  // namespace sterna::sample
