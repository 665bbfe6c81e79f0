// SPDX-License-Identifier: Apache-2.0
//
// The engine against Hugging Face's float32 BitNet on inputs that keep clear of rounding ties (tests/data/README.md).
#include <gtest/gtest.h>

#include <cmath>

#include "golden/golden_case.h"

namespace sterna::golden {
namespace {

constexpr double kTolerance = 1e-5;  // of the standard deviation of the logits

class Oracle : public ::testing::TestWithParam<std::string> {};

TEST_P(Oracle, LogitsOfEveryModelFileAreWithinToleranceOfIt) {
  const GoldenCase golden = LoadGolden(GetParam());
  const size_t vocabulary = golden.logits.shape.at(1);
  for (const std::string& file : golden.models) {
    const auto engine = LoadOrThrow(file, OptionsFor(golden));
    const std::vector<float> logits = PromptLogits(*engine, golden.ids);
    ASSERT_EQ(logits.size(), golden.ids.size() * vocabulary) << file;
    double worst = 0;
    for (size_t i = 0; i < golden.positions.size(); ++i) {
      const float* got = logits.data() + golden.positions[i] * vocabulary;
      for (size_t id = 0; id < vocabulary; ++id) {
        const double error = std::abs(double(got[id]) - double(golden.logits.row(i)[id]));
        worst = std::isnan(error) ? INFINITY : std::max(worst, error);
      }
    }
    RecordProperty(file, std::to_string(worst / golden.logit_std));
    EXPECT_LE(worst / golden.logit_std, kTolerance) << file;
  }
}

TEST_P(Oracle, GreedyTokensOfEveryModelFileAreItsTokens) {
  const GoldenCase golden = LoadGolden(GetParam());
  for (const std::string& file : golden.models) {
    const auto engine = LoadOrThrow(file, OptionsFor(golden));
    EXPECT_EQ(GreedyTokens(*engine, golden.ids, uint32_t(golden.greedy.size())), golden.greedy) << file;
  }
}

std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, Oracle, ::testing::ValuesIn(GoldenNames()), TestName);

}  // namespace
}  // namespace sterna::golden
