// SPDX-License-Identifier: Apache-2.0
//
// What the engine counts of its work, on dummy models with a chosen share of closed gates.
#include <gtest/gtest.h>

#include "dummy_file.h"
#include "support/temporary_folder.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

class EngineCounters : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> Load(double ffn_sparsity, bool skip_zeros, uint64_t cycle = 0) const {
    dummy_model::ModelShape shape;
    shape.cycle = cycle;
    shape.hidden_activation = "relu2";
    shape.ffn = 1024;
    shape.ffn_sparsity = ffn_sparsity;
    const std::string path = folder_.File("dummy.gguf");
    EXPECT_TRUE(dummy_model::Describe(shape)->writer.Write(path).ok());
    EngineOptions options = TinyOptions();
    options.skip_zeros = skip_zeros;
    return Engine::Load(path, options).value();
  }
  static std::vector<text::TokenId> Generate(Engine& engine) {
    return engine.NewSession().value()->Generate(GreedyRequest(PlainPrompt(1), 24)).value().tokens;
  }
  const testing::TemporaryFolder folder_;
};

TEST_F(EngineCounters, DummyModelsCloseTheShareOfGatesAskedFor) {
  for (const double share : {0.5, 0.6, 0.75, 0.85}) {
    const auto engine = Load(share, true);
    Generate(*engine);
    const backend::CpuBackendCounters counters = engine->Counters();
    EXPECT_EQ(counters.gates, 24u * 2 * 1024);
    EXPECT_NEAR(double(counters.zero_gates) / double(counters.gates), share, 0.03);
    EXPECT_GE(counters.zero_sparse_inputs, counters.zero_gates);
  }
}

TEST_F(EngineCounters, SkippingZerosReadsLessAndDrawsTheSameTokens) {
  const auto skipping = Load(0.75, true), reading = Load(0.75, false);
  EXPECT_EQ(Generate(*skipping), Generate(*reading));
  EXPECT_EQ(reading->Counters().weight_bytes_read, 24 * reading->report().weight_bytes_per_token);
  EXPECT_LT(skipping->Counters().weight_bytes_read, reading->Counters().weight_bytes_read * 9 / 10);
  EXPECT_EQ(skipping->Counters().kv_bytes_read, reading->Counters().kv_bytes_read);
  EXPECT_EQ(reading->Counters().zero_gates, 0u);
}

TEST_F(EngineCounters, TextGoesRoundInCirclesAtTheCostOfTheShape) {
  constexpr text::TokenId kCycle = 12;
  const auto engine = Load(0.75, true, kCycle);
  GenerateRequest request = GreedyRequest({40}, 40);
  request.speculate_tokens = 7;
  const GenerateResult result = engine->NewSession().value()->Generate(request).value();
  for (text::TokenId i = 0; i < 40; ++i) EXPECT_EQ(36 + (5 + i) % kCycle, result.tokens.at(size_t(i))) << i;
  EXPECT_GE(result.timings.accepted_tokens, 20u);
  const backend::CpuBackendCounters counters = engine->Counters();
  EXPECT_NEAR(double(counters.zero_gates) / double(counters.gates), 0.75, 0.03);
}

}  // namespace
}  // namespace sterna::engine
