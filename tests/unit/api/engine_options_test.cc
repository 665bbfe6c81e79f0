// SPDX-License-Identifier: Apache-2.0
#include "api/engine_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/cpu_features.h"

namespace sterna::api {
namespace {

using ::testing::HasSubstr;

TEST(EngineOptionsOfAConfig, LeaveOutInstructionSets) {
  Config config;
  EXPECT_EQ(0u, ToEngineOptions(config)->left_out_cpu_features);
  config.engine.enable_avx512 = false;
  const uint64_t left_out = ToEngineOptions(config)->left_out_cpu_features;
  EXPECT_TRUE(left_out & platform::kCpuAmx);
  EXPECT_TRUE(left_out & platform::kCpuAvx512Vnni);
  EXPECT_FALSE(left_out & platform::kCpuAvx2);
  config.engine.enable_avx512 = true;
  EXPECT_EQ(0u, ToEngineOptions(config)->left_out_cpu_features);
}

TEST(EngineOptionsOfAConfig, RefuseAnAlignmentThatIsNoPowerOfTwo) {
  Config config;
  config.engine.memory_alignment = 96;
  EXPECT_THAT(ToEngineOptions(config).status().message(), HasSubstr("engine.memory_alignment is 96"));
  config.engine.memory_alignment = 4096;
  EXPECT_EQ(4096u, ToEngineOptions(config)->alignment_bytes);
  config.engine.use_aligned_allocations = false;
  EXPECT_EQ(64u, ToEngineOptions(config)->alignment_bytes);
}

TEST(EngineOptionsOfAConfig, CountInBytesAndTokens) {
  Config config;
  config.engine.memory_limit_mb = 3;
  config.batch = {.max_batch_size = 5, .chunk_size = 7, .memory_limit_mb = 2};
  const engine::EngineOptions options = ToEngineOptions(config).value();
  EXPECT_EQ(uint64_t{3} << 20, options.memory_limit_bytes);
  EXPECT_EQ(uint64_t{2} << 20, options.kv_limit_bytes);
  EXPECT_EQ(5u, options.step_sequences);
  EXPECT_EQ(7u * 64, options.prefill_chunk_tokens);
  EXPECT_GE(options.step_rows, options.prefill_chunk_tokens);
}

TEST(EngineOptionsOfAConfig, AreThoseOfTheEngineWhereNothingIsSet) {
  const engine::EngineOptions made = ToEngineOptions(Config()).value(), own;
  EXPECT_EQ(own.work_item_bytes, made.work_item_bytes);
  EXPECT_EQ(own.parallel_threshold, made.parallel_threshold);
  EXPECT_EQ(own.prefill_chunk_tokens, made.prefill_chunk_tokens);
  EXPECT_EQ(own.step_rows, made.step_rows);
  EXPECT_EQ(own.alignment_bytes, made.alignment_bytes);
  EXPECT_EQ(own.read_ahead, made.read_ahead);
  EXPECT_EQ(own.kv_type, made.kv_type);
  EXPECT_EQ(own.weights, made.weights);
  EXPECT_EQ(own.tensor_cache_bytes, made.tensor_cache_bytes);
  EXPECT_EQ(own.eviction_policy, made.eviction_policy);
  EXPECT_EQ(own.preload_strategy, made.preload_strategy);
  EXPECT_EQ(own.model.loading.map_bytes, made.model.loading.map_bytes);
  EXPECT_EQ(own.model.loading.chunked_bytes, made.model.loading.chunked_bytes);
  EXPECT_EQ(own.model.loading.chunk_bytes, made.model.loading.chunk_bytes);
  EXPECT_EQ(own.model.loading.parallel, made.model.loading.parallel);
  EXPECT_EQ(own.model.loading.preload_critical, made.model.loading.preload_critical);
  EXPECT_EQ(memory::PressureConfig().actions, made.pressure->actions);
}

TEST(SamplingOfAConfig, IsGreedyWithoutSampling) {
  GenerationConfig config;
  EXPECT_EQ(0.7f, ToSamplingParams(config).temperature);
  config.do_sample = false;
  EXPECT_EQ(0, ToSamplingParams(config).temperature);
}

}  // namespace
}  // namespace sterna::api
