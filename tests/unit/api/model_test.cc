// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/api/built_in.h"

namespace sterna {
namespace {

using ::testing::HasSubstr;

TEST(Model, AnswersAPrompt) {
  const Model model = LoadBuiltIn();
  const GenerationResult result = model.generate("What is a sparrow?", Greedy(64)).value();
  EXPECT_THAT(result.text, HasSubstr("bird"));
  EXPECT_EQ(FinishReason::Stop, result.finish_reason);
  EXPECT_EQ(result.tokens.size(), result.token_count);
  EXPECT_EQ(result.text, model.detokenize(result.tokens).value());
  EXPECT_GT(result.generation_time_ms, 0);
}

TEST(Model, EndsAtTheLimitAndAtStopTexts) {
  const Model model = LoadBuiltIn();
  const GenerationResult cut = model.generate("What is a sparrow?", Greedy(3)).value();
  EXPECT_EQ(3u, cut.token_count);
  EXPECT_EQ(FinishReason::Length, cut.finish_reason);
  GenerationConfig config = Greedy(64);
  const std::string whole = model.generate("What is a sparrow?", config)->text;
  config.stop_tokens = {"bird"};
  const GenerationResult stopped = model.generate("What is a sparrow?", config).value();
  EXPECT_EQ(whole.substr(0, whole.find("bird")), stopped.text);
  EXPECT_EQ(FinishReason::Stop, stopped.finish_reason);
}

TEST(Model, SaysTheSameAfterAnotherRequestThatBeganAlike) {
  const Model fresh = LoadBuiltIn();
  const std::string expected = fresh.generate("What is a piano?", Greedy(32))->text;
  const Model used = LoadBuiltIn();
  for (const char* prompt : {"What is a pianist?", "What is a piano?", "What is a piano?"}) {
    const std::string text = used.generate(prompt, Greedy(32))->text;
    if (prompt == std::string("What is a piano?")) {
      EXPECT_EQ(expected, text);
    }
  }
}

TEST(Model, RefusesSettingsAndPromptsThatCannotBe) {
  const Model model = LoadBuiltIn();
  GenerationConfig config;
  config.temperature = 3;
  const Status status = model.generate("x", config).status();
  EXPECT_EQ(StatusCode::kInvalidArgument, status.code());
  EXPECT_THAT(status.message(), HasSubstr("generation.temperature is '3'"));
  std::string longer;
  for (int i = 0; i < 5000; ++i) longer += "bird ";
  EXPECT_EQ(StatusCode::kResourceExhausted, model.generate(longer).status().code());
  EXPECT_TRUE(model.generate("What is a sparrow?", Greedy()).ok());
}

TEST(Model, TokenizesBothWays) {
  const Model model = LoadBuiltIn();
  const std::vector<int32_t> ids = model.tokenize("a small bird").value();
  EXPECT_FALSE(ids.empty());
  EXPECT_EQ("a small bird", model.detokenize(ids).value());
  EXPECT_FALSE(model.detokenize({int32_t(model.vocabulary_size())}).ok());
}

TEST(InferenceEngine, SaysWhatIsWrongWithAModel) {
  InferenceEngine engine = InferenceEngine::with_config(Config()).value();
  EXPECT_EQ(StatusCode::kNotFound, engine.load_model("nowhere.gguf").status().code());
  EXPECT_EQ(StatusCode::kNotFound, engine.load_model("nobody/no-such-model").status().code());
  EXPECT_EQ(StatusCode::kUnsupported, engine.load_model("/tmp").status().code());
}

TEST(InferenceEngine, RefusesConfigurationsThatCannotBe) {
  EngineConfig config;
  config.thread_count = 0;
  EXPECT_EQ(StatusCode::kInvalidArgument, InferenceEngine::with_config(config).status().code());
  config = EngineConfig();
  config.device = Device::Metal;
  config.fallback_device.reset();
  EXPECT_EQ(StatusCode::kUnavailable, InferenceEngine::with_config(config).status().code());
  config.fallback_device = Device::Cpu;
  EXPECT_TRUE(InferenceEngine::with_config(config).ok());
}

TEST(InferenceEngine, MayGoBeforeItsModels) {
  const Model model = LoadBuiltIn();  // the engine is gone
  EXPECT_TRUE(model.generate("What is a sparrow?", Greedy(2)).ok());
}

TEST(InferenceEngine, CountsWhatItsModelsHold) {
  InferenceEngine engine = InferenceEngine::with_config(Config()).value();
  EXPECT_EQ(0, engine.get_memory_stats().allocated_mb);
  const Model model = engine.load_model(kBuiltInModel).value();
  const MemoryStats one = engine.get_memory_stats();
  EXPECT_GT(one.allocated_mb, 1);
  EXPECT_GE(one.peak_mb, one.allocated_mb);
  const Model second = engine.load_model(kBuiltInModel).value();
  EXPECT_NEAR(2 * one.allocated_mb, engine.get_memory_stats().allocated_mb, 0.1 * one.allocated_mb);
}

TEST(InferenceEngine, ForgetsEarlierRequestsOnDemand) {
  InferenceEngine engine = InferenceEngine::with_config(Config()).value();
  const Model model = engine.load_model(kBuiltInModel).value();
  const std::string before = model.generate("What is a sparrow?", Greedy())->text;
  EXPECT_TRUE(engine.clear_cache().ok());
  EXPECT_TRUE(engine.cleanup_memory().ok());
  EXPECT_EQ(before, model.generate("What is a sparrow?", Greedy())->text);
}

}  // namespace
}  // namespace sterna
