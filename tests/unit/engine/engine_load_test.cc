// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "engine/memory_estimate.h"
#include "kernels/dispatch.h"
#include "platform/topology.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

using ::testing::HasSubstr;

void ExpectRefused(const EngineOptions& options, StatusCode code, const std::string& text) {
  const Result<std::unique_ptr<Engine>> engine = Engine::Load(TinyModelPath(), options);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.status().code(), code) << engine.status().ToString();
  EXPECT_THAT(engine.status().message(), HasSubstr(text));
}

TEST(EngineLoad, ReportsWhatWasLoaded) {
  EngineOptions options = TinyOptions();
  options.threads = 2;
  options.isa = "scalar";
  const auto engine = LoadTiny(options);
  const LoadReport& report = engine->report();
  EXPECT_EQ(report.kernels, "scalar");
  EXPECT_EQ(report.threads, 2u);
  EXPECT_EQ(report.weight_type, "I2_S");
  EXPECT_EQ(report.head_type, "Q8_0");
  EXPECT_GT(report.load_ms, 0);
  EXPECT_GT(report.weight_bytes_per_token, 0u);
  EXPECT_GT(report.plan.TotalBytes(), 0u);
  EXPECT_EQ(engine->config().hidden, 256u);
  EXPECT_EQ(engine->tokenizer().vocabulary_size(), 288u);
}

TEST(EngineLoad, TakesTheModelsContextByDefault) {
  EngineOptions options = TinyOptions();
  options.context_tokens.reset();
  EXPECT_EQ(LoadTiny(options)->NewSession().value()->context_tokens(), 4096u);
}

TEST(EngineLoad, ReportsProgressThatEndsReady) {
  std::vector<std::string> stages;
  EngineOptions options = TinyOptions();
  options.on_load_progress = [&](std::string_view stage, double fraction) {
    EXPECT_GE(fraction, 0);
    EXPECT_LE(fraction, 1);
    if (stages.empty() || stages.back() != stage) stages.emplace_back(stage);
  };
  (void)LoadTiny(options);
  EXPECT_THAT(stages, ::testing::ElementsAre("file", "weights", "memory", "vocabulary", "ready"));
}

TEST(EngineLoad, RefusesAContextOverTheModels) {
  EngineOptions options = TinyOptions();
  options.context_tokens = 4097;
  ExpectRefused(options, StatusCode::kInvalidArgument, "a context of 4097 tokens is not possible; the model's is 4096");
}

TEST(EngineLoad, RefusesAContextOfZero) {
  EngineOptions options = TinyOptions();
  options.context_tokens = 0;
  ExpectRefused(options, StatusCode::kInvalidArgument, "a context of 0 tokens");
}

TEST(EngineLoad, RefusesAnUnknownInstructionSet) {
  EngineOptions options = TinyOptions();
  options.isa = "sse9";
  ExpectRefused(options, StatusCode::kInvalidArgument, "sse9");
}

TEST(EngineLoad, PrefillTakesAsManyThreadsAsDecodeUnlessToldOtherwise) {
  EngineOptions options = TinyOptions();
  options.threads = 2;
  EXPECT_EQ((*Engine::Load(TinyModelPath(), options))->report().threads_prefill, 2u);
  options.threads_prefill = 1;
  EXPECT_EQ((*Engine::Load(TinyModelPath(), options))->report().threads_prefill, 1u);
}

TEST(EngineLoad, StartsNoMoreThreadsThanTheMachineHasCpus) {
  EngineOptions options = TinyOptions();
  options.threads = 1;
  options.threads_prefill = 1000;
  const auto engine = *Engine::Load(TinyModelPath(), options);
  EXPECT_EQ(engine->report().threads_prefill, 1000u);
  EXPECT_EQ(engine->report().workers, std::min(1000u, platform::UsableLogicalCpus()));
}

TEST(EngineLoad, RefusesNumbersOutOfRange) {
  EngineOptions options = TinyOptions();
  options.max_sessions = 0;
  ExpectRefused(options, StatusCode::kInvalidArgument, "max_sessions is 0");
  options = TinyOptions();
  options.step_rows = 1u << 30;
  ExpectRefused(options, StatusCode::kInvalidArgument, "step_rows is 1073741824");
  options = TinyOptions();
  options.threads = 0;
  ExpectRefused(options, StatusCode::kInvalidArgument, "0 threads");
  options = TinyOptions();
  options.threads_prefill = 0;
  ExpectRefused(options, StatusCode::kInvalidArgument, "0 threads");
}

TEST(EngineLoad, RefusesAPlanOverTheMemoryLimitNamingTheThreeBiggestItems) {
  EngineOptions options = TinyOptions();
  options.max_sessions = 100;
  options.memory_limit_bytes = 20'000'000;
  options.on_load_progress = [](std::string_view stage, double) { EXPECT_NE(stage, "weights") << "too late"; };
  const Status status = Engine::Load(TinyModelPath(), options).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("over the memory limit of 20.0 MB (biggest: KV cache 26.2 MB, scratch "));
  EXPECT_THAT(status.message(), ::testing::ContainsRegex("biggest: [^,]+, [^,]+, [^,]+\\);"));
}

TEST(EngineLoad, LoadsWithinAMemoryLimitThatSuffices) {
  EngineOptions options = TinyOptions();
  options.memory_limit_bytes = 1'000'000'000;
  EXPECT_TRUE(Engine::Load(TinyModelPath(), options).ok());
}

TEST(EngineLoad, EstimatesTheMemoryItThenTakes) {
  const format::GgufFile file = format::GgufFile::Open(TinyModelPath()).value();
  const model::ModelConfig config = model::ReadModelConfig(file, {}).value();
  for (const backend::KvType type : {backend::KvType::kF32, backend::KvType::kF16, backend::KvType::kQ8}) {
    EngineOptions options = TinyOptions();
    options.kv_type = type;
    const auto engine = LoadTiny(options);
    const uint64_t taken = engine->report().plan.TotalBytes();
    const kernels::KernelTable* const table = kernels::SelectKernels(~uint64_t{0}, engine->report().kernels).value();
    const uint64_t estimate =
        EstimateMemory(file, config, {256, 4, type, 256, 256, 1, table->ternary_scratch.bytes}).TotalBytes();
    EXPECT_NEAR(double(estimate), double(taken), 0.1 * double(taken)) << "KV type " << int(type);
  }
}

TEST(EngineLoad, SaysThatAFileIsNotThere) {
  EXPECT_EQ(Engine::Load("no/such/file.gguf", TinyOptions()).status().code(), StatusCode::kNotFound);
}

TEST(EngineLoad, RefusesAModelWithoutATokenizer) {
  const testing::TemporaryFolder folder;
  const std::vector<std::byte> image = testing::TinyModel().Build();
  std::ofstream(folder.File("m.gguf"), std::ios::binary)
      .write(reinterpret_cast<const char*>(image.data()), std::streamsize(image.size()));
  const Status status = Engine::Load(folder.File("m.gguf"), TinyOptions()).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("tokenizer.ggml"));
}

}  // namespace
}  // namespace sterna::engine
