// SPDX-License-Identifier: Apache-2.0
//
// Embeddings against what follows the output norm of the Hugging Face classes (tests/data/README.md).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/embedding.h"
#include "golden/golden_case.h"

namespace sterna::golden {
namespace {

// Unit vectors of 128 numbers: 1e-5 of what one number is like.
constexpr float kTolerance = 1e-6f;

class Embedding : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    golden_ = LoadGolden(GetParam());
    std::ifstream file(std::string(STERNA_TEST_DATA) + "/goldens/" + GetParam() + ".json");
    expected_ = nlohmann::json::parse(file).at("embedding");
    engine_ = LoadOrThrow(golden_.models.at(0), OptionsFor(golden_));
  }
  std::vector<float> Embed(engine::Pooling pooling, bool normalize = true) {
    const auto session = engine_->NewSession().value();
    return engine::Embed(*session, golden_.ids, pooling, normalize).value();
  }

  GoldenCase golden_;
  nlohmann::json expected_;
  std::unique_ptr<engine::Engine> engine_;
};

TEST_P(Embedding, EqualsTheOracleWithEveryPooling) {
  for (const engine::Pooling pooling : {engine::Pooling::kMean, engine::Pooling::kLast, engine::Pooling::kCls}) {
    const std::string name(engine::PoolingName(pooling));
    const auto expected = expected_.at(name).get<std::vector<float>>();
    const std::vector<float> got = Embed(pooling);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], kTolerance) << name << " " << i;
  }
}

TEST_P(Embedding, IsOfLengthOneUnlessAskedOtherwise) {
  const std::vector<float> unit = Embed(engine::Pooling::kLast), raw = Embed(engine::Pooling::kLast, false);
  double unit_square = 0, raw_square = 0;
  for (size_t i = 0; i < unit.size(); ++i) {
    unit_square += double(unit[i]) * double(unit[i]);
    raw_square += double(raw[i]) * double(raw[i]);
  }
  EXPECT_NEAR(unit_square, 1.0, 1e-6);
  EXPECT_GT(std::fabs(raw_square - 1.0), 0.1);
  for (size_t i = 0; i < unit.size(); ++i) EXPECT_NEAR(unit[i], raw[i] / float(std::sqrt(raw_square)), 1e-6);
}

TEST_P(Embedding, DoesNotDependOnChunksOrThreads) {
  const std::vector<float> expected = Embed(engine::Pooling::kMean);
  engine::EngineOptions options = OptionsFor(golden_);
  options.prefill_chunk_tokens = 7;
  options.threads = 3;
  engine_ = LoadOrThrow(golden_.models.at(0), options);
  EXPECT_EQ(Embed(engine::Pooling::kMean), expected);
}

TEST_P(Embedding, OfSuchModelsIsTheLastRow) {
  const engine::PoolingChoice choice = engine::DefaultPooling(engine_->config());
  EXPECT_EQ(choice.kind, engine::Pooling::kLast);
  EXPECT_EQ(choice.reason, "last: b1.58 embedding models were trained so");
}

TEST(DefaultPooling, IsWhatTheFileSays) {
  model::ModelConfig config;
  config.architecture = "gemma3";
  EXPECT_EQ(engine::DefaultPooling(config).kind, engine::Pooling::kMean);
  config.pooling_type = 2;
  EXPECT_EQ(engine::DefaultPooling(config).kind, engine::Pooling::kCls);
  config.pooling_type = 3;
  EXPECT_EQ(engine::DefaultPooling(config).reason, "last: key gemma3.pooling_type");
}

INSTANTIATE_TEST_SUITE_P(Golden, Embedding, ::testing::Values("qwen3-inner", "gemma3-inner"),
                         [](const auto& tested) { return tested.param.substr(0, tested.param.find('-')); });

}  // namespace
}  // namespace sterna::golden
