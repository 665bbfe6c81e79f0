// SPDX-License-Identifier: Apache-2.0
//
// Each setting of the pool of run-time buffers reaches it; what it does there is shown by memory's own tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/api/knob_run.h"

namespace sterna {
namespace {

using ::testing::HasSubstr;

class PoolKnobs : public KnobTest {
 protected:
  memory::PoolConfig Pool() { return OptionsOf(config_)->pool; }
};

TEST_F(PoolKnobs, initial_size_mb) {
  config_.memory_pool.initial_size_mb = 3;
  EXPECT_EQ(uint64_t{3} << 20, Changed().report.plan.BytesOf("request buffers"));
  config_.engine.memory_limit_mb = 2;
  EXPECT_THAT(Load(config_).status().message(), HasSubstr("memory_pool.initial_size_mb is 3"));
}

TEST_F(PoolKnobs, max_size_mb) {
  config_.inference.max_sequence_length = 256;
  config_.memory_pool.initial_size_mb = config_.memory_pool.max_size_mb = 1;
  const auto engine = Load(config_).value();
  std::vector<std::unique_ptr<engine::Session>> sessions;
  Status status;
  while (status.ok() && sessions.size() < 100) {
    auto session = engine->NewSession();
    status = session.status();
    if (status.ok()) sessions.push_back(std::move(*session));
  }
  EXPECT_EQ(StatusCode::kResourceExhausted, status.code());
}

TEST_F(PoolKnobs, allocation_strategy) {
  config_.memory_pool.allocation_strategy = AllocationStrategy::Fixed;
  EXPECT_EQ(memory::PoolGrowth::kNever, Pool().growth);
  config_.memory_pool.allocation_strategy = AllocationStrategy::Conservative;
  EXPECT_EQ(memory::PoolGrowth::kByNeed, Pool().growth);
}

TEST_F(PoolKnobs, memory_pool_chunk_size_mb) {
  config_.memory_pool.chunk_size_mb = 5;
  EXPECT_EQ(uint64_t{5} << 20, Pool().chunk_bytes);
}

TEST_F(PoolKnobs, enable_tracking) {
  config_.memory_pool.enable_tracking = true;
  EXPECT_TRUE(Pool().tracking);
}

TEST_F(PoolKnobs, alignment) {
  config_.memory_pool.alignment = 4096;
  EXPECT_EQ(4096u, Pool().alignment);
  config_.memory_pool.alignment = 96;
  EXPECT_THAT(Load(config_).status().message(), HasSubstr("memory_pool.alignment is 96; give a power of two"));
}

TEST_F(PoolKnobs, strategy) {
  config_.tensor_pool.strategy = PoolStrategy::BestFit;
  EXPECT_EQ(memory::PoolStrategy::kBestFit, Pool().strategy);
  config_.tensor_pool.strategy = PoolStrategy::SizeClass;
  EXPECT_EQ(memory::PoolStrategy::kGivenSizes, Pool().strategy);
}

TEST_F(PoolKnobs, reuse_threshold) {
  config_.tensor_pool.reuse_threshold = 0.5;
  EXPECT_EQ(0.5, Pool().reuse_target);
}

TEST_F(PoolKnobs, defragmentation_interval) {
  config_.tensor_pool.defragmentation_interval = std::chrono::milliseconds(7);
  EXPECT_EQ(std::chrono::milliseconds(7), Pool().tidy_interval);
}

TEST_F(PoolKnobs, small_tensor_threshold) {
  config_.adaptive_pool.small_tensor_threshold = 64;
  EXPECT_EQ(64u, Pool().small_bytes);
}

TEST_F(PoolKnobs, medium_tensor_threshold) {
  config_.adaptive_pool.medium_tensor_threshold = 65536;
  EXPECT_EQ(65536u, Pool().large_bytes);
}

}  // namespace
}  // namespace sterna
