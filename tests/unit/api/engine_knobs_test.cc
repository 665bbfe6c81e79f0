// SPDX-License-Identifier: Apache-2.0
//
// Each setting of EngineConfig and its kin changes something that can be counted, and never a token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "platform/cpu_features.h"
#include "platform/topology.h"
#include "unit/api/knob_run.h"

namespace sterna {
namespace {

using ::testing::HasSubstr;

class EngineKnobs : public KnobTest {};

TEST_F(EngineKnobs, thread_count) {
  config_.engine.thread_count = 1;
  EXPECT_EQ(1u, Changed().report.threads);
  EXPECT_EQ(2u, base_.report.threads);
}

TEST_F(EngineKnobs, prefill_thread_count) {
  config_.inference.prefill_thread_count = 1;
  const Observed run = Changed();
  EXPECT_EQ(1u, run.report.threads_prefill);
  EXPECT_EQ(2u, run.report.threads);
}

TEST_F(EngineKnobs, thread_affinity) {
  config_.engine.thread_affinity = ThreadAffinity::Core;
  EXPECT_EQ(1u, Changed().cpus_of_the_loop.size());
  config_.engine.thread_affinity = ThreadAffinity::None;
  EXPECT_EQ(platform::CpusOfThisThread(), Changed().cpus_of_the_loop);
}

TEST_F(EngineKnobs, numa_aware) {
  config_.engine.thread_affinity = ThreadAffinity::NumaNode;
  EXPECT_EQ(platform::WorkerBinding::kNumaNode, api::ToEngineOptions(Pinned(config_))->binding);
  EXPECT_TRUE(api::ToEngineOptions(Pinned(config_))->place_on_nodes);  // which tests of MemoryNodes show
  config_.engine.numa_aware = false;
  EXPECT_EQ(platform::WorkerBinding::kNone, api::ToEngineOptions(Pinned(config_))->binding);
  EXPECT_FALSE(api::ToEngineOptions(Pinned(config_))->place_on_nodes);
}

TEST_F(EngineKnobs, instance_id) {
  if (platform::ReadCpuPlaces().size() < 2) GTEST_SKIP() << "needs two CPUs to choose from";
  config_.engine.thread_count = 1;
  config_.engine.thread_affinity = ThreadAffinity::Core;
  const std::vector<uint32_t> first = Changed().cpus_of_the_loop;
  config_.engine.instance_id = 1;
  EXPECT_NE(first, Changed().cpus_of_the_loop);  // the next CPU
}

TEST_F(EngineKnobs, device) {
  config_.engine.device = Device::Cuda;
  config_.engine.fallback_device = std::nullopt;
  EXPECT_EQ(StatusCode::kUnavailable, Load(config_).status().code());
}

TEST_F(EngineKnobs, fallback_device) {
  config_.engine.device = Device::Cuda;
  Changed();
  config_.engine.fallback_device = std::nullopt;
  EXPECT_EQ(StatusCode::kUnavailable, Load(config_).status().code());
}

TEST_F(EngineKnobs, kernels) {
  config_.inference.kernels = "scalar";
  EXPECT_EQ("scalar", Changed().report.kernels);
}

TEST_F(EngineKnobs, memory_alignment) {
  config_.engine.memory_alignment = 4096;
  EXPECT_EQ(4096u, OptionsOf(config_)->alignment_bytes);
  Changed();
}

TEST_F(EngineKnobs, use_aligned_allocations) {
  config_.engine.memory_alignment = 4096;
  config_.engine.use_aligned_allocations = false;
  EXPECT_EQ(64u, OptionsOf(config_)->alignment_bytes);
}

TEST_F(EngineKnobs, enable_avx2) {
  config_.engine.enable_avx2 = false;
  config_.engine.enable_neon = false;
  EXPECT_EQ("scalar", Changed().report.kernels);
}

TEST_F(EngineKnobs, enable_fma) {
  config_.engine.enable_fma = false;
  config_.engine.enable_neon = false;
  EXPECT_EQ("scalar", Changed().report.kernels);
}

TEST_F(EngineKnobs, enable_avx512) {
  config_.engine.enable_avx512 = false;
  EXPECT_THAT(Changed().report.kernels, testing::Not(testing::AnyOf("avx512", "amx")));
  // Also where the CPU has none of it.
  EXPECT_NE(0u, api::ToEngineOptions(Pinned(config_))->left_out_cpu_features & platform::kCpuAvx512);
}

TEST_F(EngineKnobs, memory_limit_mb) {
  config_.engine.memory_limit_mb = 1;
  const Status status = Load(config_).status();
  EXPECT_EQ(StatusCode::kResourceExhausted, status.code());
  EXPECT_THAT(status.message(), HasSubstr("MB"));
  config_.engine.memory_limit_mb = 4096;
  Changed();
}

TEST_F(EngineKnobs, cache_chunk_size_kb) {
  config_.engine.cache_chunk_size_kb = 1;
  EXPECT_GT(Changed().counters.work_items, 2 * base_.counters.work_items);
}

TEST_F(EngineKnobs, parallel_threshold) {
  config_.engine.parallel_threshold = 1'000'000'000'000;
  EXPECT_EQ(0u, Changed().counters.parallel_regions);
  EXPECT_GT(base_.counters.parallel_regions, 0u);
}

TEST_F(EngineKnobs, enable_prefetching) {
  EXPECT_GT(base_.report.read_ahead_bytes, 1'000'000u);
  config_.engine.enable_prefetching = false;
  EXPECT_EQ(0u, Changed().report.read_ahead_bytes);
}

TEST_F(EngineKnobs, max_sequence_length) {
  config_.inference.max_sequence_length = 224;  // the model's is 256
  EXPECT_EQ(224u, Changed().context_tokens);
}

TEST_F(EngineKnobs, kv_storage) {
  const uint64_t f16 = base_.report.plan.BytesOf("KV cache");
  config_.inference.kv_storage = KvStorage::F32;
  EXPECT_EQ(2 * f16, RunWith(config_).report.plan.BytesOf("KV cache"));
  config_.inference.kv_storage = KvStorage::Q8;
  EXPECT_LT(RunWith(config_).report.plan.BytesOf("KV cache"), f16);
}

TEST_F(EngineKnobs, head_mode) {
  config_.inference.head_mode = HeadMode::Exact;
  EXPECT_EQ("exact", Changed().report.head_mode);
  config_.inference.head_mode = HeadMode::Certified;
  EXPECT_EQ("certified", Changed().report.head_mode);
}

TEST_F(EngineKnobs, chunk_size) {
  // Steps are not counted; regions are, and each step has as many.
  config_.batch.chunk_size = 1;
  EXPECT_GT(Changed().counters.parallel_regions, base_.counters.parallel_regions);
}

TEST_F(EngineKnobs, batch_memory_limit_mb) {
  config_.inference.max_sequence_length = 256;
  const uint64_t one = Load(config_, 1).value()->report().plan.BytesOf("KV cache");
  EXPECT_EQ(64 * one, Load(config_, 64).value()->report().plan.BytesOf("KV cache"));
  config_.batch.memory_limit_mb = 1;
  const uint64_t limited = Load(config_, 64).value()->report().plan.BytesOf("KV cache");
  EXPECT_LE(limited, std::max(one, uint64_t{1} << 20));
  EXPECT_GE(limited, one);
}

TEST_F(EngineKnobs, max_batch_size) {
  const auto regions_of_eight = [&](uint32_t max_batch_size) {
    config_.batch.max_batch_size = max_batch_size;
    config_.inference.max_sequence_length = 256;
    const auto engine = Load(config_, 8).value();
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto session = engine->NewSession().value();
        EXPECT_EQ(base_.tokens, session->Generate(RequestOf(8))->tokens);
      });
    }
    for (std::thread& thread : threads) thread.join();
    return engine->Counters().parallel_regions;
  };
  EXPECT_GT(regions_of_eight(1), regions_of_eight(8));
}

}  // namespace
}  // namespace sterna
