// SPDX-License-Identifier: Apache-2.0
//
// Each setting of loading, of the window of streamed weights and of memory pressure changes something that can be
// counted, and never a token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <string>
#include <thread>

#include "engine/submission.h"
#include "unit/api/knob_run.h"

namespace sterna {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::set<model::LoadRule> RulesOf(const Observed& run) {
  std::set<model::LoadRule> rules;
  for (const model::TensorPlacement& placement : run.report.placements) rules.insert(placement.rule);
  return rules;
}

class LoadingKnobs : public KnobTest {};

TEST_F(LoadingKnobs, streaming_threshold_mb) {
  EXPECT_THAT(RulesOf(base_), ElementsAre(model::LoadRule::kOneRead));
  config_.gguf.streaming_threshold_mb = 0;
  EXPECT_THAT(RulesOf(Changed()), ElementsAre(model::LoadRule::kChunkedRead));
}

TEST_F(LoadingKnobs, chunk_size_mb) {
  config_.gguf.streaming_threshold_mb = 0;
  const uint64_t whole = Changed().report.loading.reads;
  config_.gguf.chunk_size_mb = 1;
  EXPECT_GT(Changed().report.loading.reads, whole);
}

TEST_F(LoadingKnobs, parallel_loading) {
  config_.gguf.streaming_threshold_mb = 0;
  config_.gguf.chunk_size_mb = 1;
  EXPECT_GT(Changed().report.loading.readers, 1u);
  config_.gguf.parallel_loading = false;
  EXPECT_EQ(1u, Changed().report.loading.readers);
}

TEST_F(LoadingKnobs, mmap_threshold_mb) {
  config_.model_loading.mmap_threshold_mb = 0;
  EXPECT_THAT(RulesOf(Changed()), ElementsAre(model::LoadRule::kMap));
}

TEST_F(LoadingKnobs, use_memory_mapping) {
  config_.model_loading.use_memory_mapping = true;
  EXPECT_THAT(RulesOf(Changed()), ElementsAre(model::LoadRule::kMap));
}

TEST_F(LoadingKnobs, validate_checksums) {
  config_.gguf.validate_checksums = true;
  EXPECT_TRUE(OptionsOf(config_)->verify_checksums);
}

TEST_F(LoadingKnobs, preload_critical_tensors) {
  config_.model_loading.mmap_threshold_mb = 0;
  EXPECT_EQ(0u, Changed().report.loading.preloaded_bytes);
  config_.model_loading.preload_critical_tensors = true;
  EXPECT_GT(Changed().report.loading.preloaded_bytes, 1'000'000u);
}

TEST_F(LoadingKnobs, large_tensor_strategy) {
  config_.adaptive_pool.large_tensor_strategy = LargeStrategy::Streaming;
  EXPECT_THAT(RulesOf(Changed()), ElementsAre(model::LoadRule::kWindow));
  config_.model_loading.mmap_threshold_mb = 0;
  config_.adaptive_pool.large_tensor_strategy = LargeStrategy::Heap;
  EXPECT_THAT(RulesOf(Changed()), ElementsAre(model::LoadRule::kOneRead));
}

// The model is streamed through a window that it does not fit.
class CacheKnobs : public KnobTest {
 protected:
  void SetUp() override {
    config_.adaptive_pool.large_tensor_strategy = LargeStrategy::Streaming;
    config_.cache.tensor_cache_mb = 1;
  }
  memory::StreamCounters Stream() { return Changed().counters.stream; }
};

TEST_F(CacheKnobs, tensor_cache_mb) {
  EXPECT_GT(Stream().evictions, 0u);
  config_.cache.tensor_cache_mb = 64;
  EXPECT_EQ(0u, Stream().evictions);
}

TEST_F(CacheKnobs, activation_cache_mb) {
  config_ = Base();
  // Of the second of two requests that are alike.
  const auto cached_tokens = [&] {
    const auto engine = Load(config_, 2).value();
    uint32_t tokens = 0;
    for (int i = 0; i < 2; ++i) {
      std::promise<uint32_t> done;
      engine::Submission submission;
      submission.generate = RequestOf(1);
      submission.on_done = [&](const Result<engine::GenerateResult>& result) {
        done.set_value(result->timings.cached_tokens);
      };
      EXPECT_TRUE(engine->Submit(std::move(submission)).ok());
      tokens = done.get_future().get();
    }
    return tokens;
  };
  EXPECT_GT(cached_tokens(), 0u);
  config_.cache.activation_cache_mb = 0;
  EXPECT_EQ(0u, cached_tokens());
}

TEST_F(CacheKnobs, eviction_policy) {
  config_.cache.preload_strategy = PreloadStrategy::None;  // so that counts do not depend on who is faster
  const uint64_t least_loads = Stream().loads;
  for (const EvictionPolicy policy : {EvictionPolicy::LRU, EvictionPolicy::LFU, EvictionPolicy::FIFO}) {
    config_.cache.eviction_policy = policy;
    EXPECT_GT(Stream().loads, least_loads);
  }
}

TEST_F(CacheKnobs, preload_strategy) {
  config_.cache.tensor_cache_mb = 64;
  config_.cache.preload_strategy = PreloadStrategy::None;
  EXPECT_EQ(Stream().misses, Stream().loads);
  for (const PreloadStrategy strategy : {PreloadStrategy::Sequential, PreloadStrategy::Predictive}) {
    config_.cache.preload_strategy = strategy;
    const memory::StreamCounters stream = Stream();
    EXPECT_LT(stream.misses, stream.loads);
  }
}

// Memory is as full as the test says, and looked at every millisecond.
class PressureKnobs : public KnobTest {
 protected:
  std::vector<std::string> EventsAt(double share, size_t count) {
    engine::EngineOptions options = OptionsOf(config_).value();
    options.pressure_interval = std::chrono::milliseconds(1);
    options.read_pressure = [share] { return memory::PressureReading{.budget_share = share}; };
    const auto engine = engine::Engine::Load(kBuiltInModel, options).value();
    while (engine->PressureEvents().size() < count) std::this_thread::yield();
    std::vector<std::string> lines;
    for (const memory::PressureEvent& event : engine->PressureEvents()) lines.push_back(event.ToString());
    return lines;
  }
};

TEST_F(PressureKnobs, low_memory_threshold) {
  EXPECT_THAT(EventsAt(0.6, 0), IsEmpty());
  config_.memory_pressure.low_memory_threshold = 0.5;
  EXPECT_THAT(EventsAt(0.6, 1), ElementsAre("hold caches at 60 %"));
  config_.memory_pressure.low_memory_threshold = 0.95;
  EXPECT_EQ(StatusCode::kInvalidArgument, api::ToEngineOptions(config_).status().code());
}

TEST_F(PressureKnobs, medium_pressure_threshold) {
  config_.memory_pressure.medium_pressure_threshold = 0.85;
  config_.memory_pressure.high_pressure_actions = {PressureAction::ForceGC};
  EXPECT_THAT(EventsAt(0.87, 2), ElementsAre("hold caches at 87 %", "take ForceGC at 87 %"));
}

TEST_F(PressureKnobs, high_pressure_actions) {
  EXPECT_THAT(EventsAt(0.95, 4), ElementsAre("hold caches at 95 %", "take ClearCache at 95 %", "take ForceGC at 95 %",
                                             "take ReduceBatchSize at 95 %"));
  config_.memory_pressure.high_pressure_actions = {PressureAction::ReduceBatchSize, PressureAction::ForceGC};
  EXPECT_THAT(EventsAt(0.95, 3),
              ElementsAre("hold caches at 95 %", "take ReduceBatchSize at 95 %", "take ForceGC at 95 %"));
}

}  // namespace
}  // namespace sterna
