// SPDX-License-Identifier: Apache-2.0
//
// The promise: a request's logits have the same bits whatever the stored type, the number of threads, the prompt
// chunks, the company in the batch, and the instruction set.
#include <gtest/gtest.h>

#include <thread>

#include "golden/golden_case.h"
#include "kernels/dispatch.h"
#include "platform/cpu_features.h"

namespace sterna::golden {
namespace {

using engine::EngineOptions;

class Determinism : public ::testing::TestWithParam<std::string> {
 protected:
  GoldenCase golden_ = LoadGolden(GetParam());
  const std::string& file() const { return golden_.models.front(); }
  Outcome RunWith(const EngineOptions& options) const { return RunPrompt(*LoadOrThrow(file(), options), golden_.ids); }
};

TEST_P(Determinism, TheNumberOfThreadsChangesNoBit) {
  EngineOptions options = OptionsFor(golden_);
  const Outcome reference = RunWith(options);
  for (const uint32_t threads : {2u, 3u, 7u}) {
    options.threads = threads;
    EXPECT_TRUE(RunWith(options) == reference) << threads << " threads";
  }
}

TEST_P(Determinism, PromptChunksChangeNoBit) {
  EngineOptions options = OptionsFor(golden_);
  const Outcome all_at_once = RunWith(options);
  for (const uint32_t chunk : {1u, 7u, 64u}) {
    options.prefill_chunk_tokens = chunk;
    EXPECT_TRUE(RunWith(options) == all_at_once) << "chunks of " << chunk;
  }
}

TEST_P(Determinism, EveryKvTypeKeepsThePromiseOverChunksAndThreads) {
  for (const backend::KvType type : {backend::KvType::kF16, backend::KvType::kQ8}) {
    EngineOptions options = OptionsFor(golden_);
    options.kv_type = type;
    const Outcome reference = RunWith(options);
    options.prefill_chunk_tokens = 7;
    options.threads = 3;
    EXPECT_TRUE(RunWith(options) == reference) << "KV type " << int(type);
  }
}

TEST_P(Determinism, CompanyInTheBatchChangesNoBit) {
  EngineOptions options = OptionsFor(golden_);
  options.max_sessions = 4;
  options.step_rows = 32;
  options.prefill_chunk_tokens = 13;
  options.threads = 2;
  const auto engine = LoadOrThrow(file(), options);
  std::vector<std::vector<text::TokenId>> prompts(4, golden_.ids);
  std::reverse(prompts[1].begin(), prompts[1].end());
  prompts[2].resize(3);
  prompts[3].assign(golden_.ids.begin() + 5, golden_.ids.end());

  std::vector<Outcome> alone, together(prompts.size());
  for (const auto& prompt : prompts) alone.push_back(RunPrompt(*engine, prompt));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < prompts.size(); ++i) {
    threads.emplace_back([&, i] { together[i] = RunPrompt(*engine, prompts[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < prompts.size(); ++i) EXPECT_TRUE(together[i] == alone[i]) << "prompt " << i;
  EXPECT_TRUE(alone[0] == RunWith(OptionsFor(golden_)));
}

TEST_P(Determinism, EveryInstructionSetOfThisMachineGivesTheSameBits) {
  EngineOptions options = OptionsFor(golden_);
  options.isa = "scalar";
  const Outcome scalar = RunWith(options);
  size_t compared = 0;
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    if (std::string_view(table->isa) == "scalar" || !platform::DetectCpu().Has(table->needs)) continue;
    options.isa = table->isa;
    EXPECT_TRUE(RunWith(options) == scalar) << table->isa;
    ++compared;
  }
  if (compared == 0) GTEST_SKIP() << "this build or this CPU has the scalar kernels only";
}

TEST(StoredTypes, I2sTq1AndTq2WithEqualScalesGiveTheSameBits) {
  const GoldenCase golden = LoadGolden("b158-tiny");
  ASSERT_EQ(golden.models.size(), 3u);
  const Outcome reference = RunPrompt(*LoadOrThrow(golden.models[0], OptionsFor(golden)), golden.ids);
  for (const std::string& other : golden.models) {
    EXPECT_TRUE(RunPrompt(*LoadOrThrow(other, OptionsFor(golden)), golden.ids) == reference) << other;
  }
}

std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, Determinism, ::testing::ValuesIn(GoldenNames()), TestName);

}  // namespace
}  // namespace sterna::golden
