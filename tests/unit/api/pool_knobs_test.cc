// SPDX-License-Identifier: Apache-2.0
//
// Each setting of the pool of run-time buffers changes what an engine's pool does while sessions come and go. A session
// takes four buffers: its tokens, and three of the vocabulary's size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "unit/api/knob_run.h"

namespace sterna {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kMega = uint64_t{1} << 20;

class PoolKnobs : public KnobTest {
 protected:
  using Sessions = std::vector<std::unique_ptr<engine::Session>>;

  PoolKnobs() {
    config_.engine.thread_count = 1;
    config_.inference.max_sequence_length = 256;
  }
  static Sessions Open(engine::Engine& engine, int count) {
    Sessions sessions;
    for (int i = 0; i < count; ++i) sessions.push_back(engine.NewSession().value());
    return sessions;
  }
  // Of the pool, after `count` sessions were opened and closed, three times.
  uint64_t Reused(int count) {
    const auto engine = Load(config_).value();
    for (int round = 0; round < 3; ++round) Open(*engine, count);
    return engine->buffers().counters().reused;
  }
  memory::PoolUse UseOf(int sessions) {
    const auto engine = Load(config_).value();
    const Sessions open = Open(*engine, sessions);
    return engine->buffers().use();
  }
};

TEST_F(PoolKnobs, initial_size_mb) {
  config_.memory_pool.initial_size_mb = 3;
  EXPECT_EQ(3 * kMega, Changed().report.plan.BytesOf("request buffers"));
  EXPECT_EQ(3 * kMega, UseOf(0).reserved_bytes);
  config_.engine.memory_limit_mb = 2;
  EXPECT_THAT(Load(config_).status().message(), HasSubstr("memory_pool.initial_size_mb is 3"));
}

TEST_F(PoolKnobs, max_size_mb) {
  config_.memory_pool.initial_size_mb = config_.memory_pool.max_size_mb = 1;
  const auto engine = Load(config_).value();
  Sessions sessions;
  Status status;
  while (status.ok() && sessions.size() < 100) {
    auto session = engine->NewSession();
    status = session.status();
    if (status.ok()) sessions.push_back(std::move(*session));
  }
  EXPECT_EQ(StatusCode::kResourceExhausted, status.code());
  EXPECT_EQ(kMega, engine->buffers().use().reserved_bytes);
}

TEST_F(PoolKnobs, allocation_strategy) {
  const uint64_t doubled_bytes = UseOf(9).reserved_bytes;
  config_.memory_pool.allocation_strategy = AllocationStrategy::Conservative;
  EXPECT_LT(UseOf(9).reserved_bytes, doubled_bytes);
  config_.memory_pool.allocation_strategy = AllocationStrategy::Fixed;
  const auto engine = Load(config_).value();
  const auto session = engine->NewSession();
  EXPECT_TRUE(session.ok());
  EXPECT_EQ(StatusCode::kResourceExhausted, engine->NewSession().status().code());
}

TEST_F(PoolKnobs, memory_pool_chunk_size_mb) {
  config_.memory_pool.chunk_size_mb = 5;
  EXPECT_EQ(UseOf(0).reserved_bytes + 5 * kMega, UseOf(2).reserved_bytes);
}

TEST_F(PoolKnobs, enable_tracking) {
  config_.memory_pool.enable_tracking = true;
  const auto engine = Load(config_).value();
  const Sessions sessions = Open(*engine, 2);
  EXPECT_EQ(8u, engine->buffers().records().size());
}

TEST_F(PoolKnobs, alignment) {
  config_.memory_pool.alignment = 4096;
  const auto engine = Load(config_).value();
  for (const auto& session : Open(*engine, 4)) {
    EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(session->tokens().data()) % 4096);
  }
  config_.memory_pool.alignment = 96;
  EXPECT_THAT(Load(config_).status().message(), HasSubstr("memory_pool.alignment is 96; give a power of two"));
}

TEST_F(PoolKnobs, strategy) {
  EXPECT_LT(0u, Reused(1));
  config_.tensor_pool.strategy = PoolStrategy::BestFit;
  EXPECT_EQ(0u, Reused(1));
}

TEST_F(PoolKnobs, size_thresholds) {
  config_.tensor_pool.strategy = PoolStrategy::SizeClass;
  config_.tensor_pool.size_thresholds = {2048, 131072};
  EXPECT_EQ(2048u + 3 * 131072, UseOf(1).used_bytes);
}

TEST_F(PoolKnobs, reuse_threshold) {
  const uint64_t wanted = Reused(8);
  config_.tensor_pool.reuse_threshold = 0;
  EXPECT_LT(Reused(8), wanted);
}

TEST_F(PoolKnobs, defragmentation_interval) {
  config_.tensor_pool.defragmentation_interval = std::chrono::milliseconds(1);
  engine::EngineOptions options = OptionsOf(config_).value();
  options.pressure_interval = std::chrono::milliseconds(1);
  const auto engine = engine::Engine::Load(kBuiltInModel, options).value();
  const uint64_t initial_bytes = engine->buffers().use().reserved_bytes;
  Open(*engine, 4);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (engine->buffers().use().reserved_bytes > initial_bytes && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(initial_bytes, engine->buffers().use().reserved_bytes);
}

TEST_F(PoolKnobs, small_tensor_threshold) {
  config_.inference.max_sequence_length = 72;  // 288 bytes of tokens
  const uint64_t rounded_bytes = UseOf(1).used_bytes;
  config_.adaptive_pool.small_tensor_threshold = 64;
  EXPECT_EQ(rounded_bytes - 512 + 320, UseOf(1).used_bytes);
}

TEST_F(PoolKnobs, medium_tensor_threshold) {
  config_.adaptive_pool.medium_tensor_threshold = 32768;
  const auto engine = Load(config_).value();
  const uint64_t initial_bytes = engine->buffers().use().reserved_bytes;
  Sessions sessions = Open(*engine, 4);
  EXPECT_LT(initial_bytes, engine->buffers().use().reserved_bytes);
  sessions.clear();
  EXPECT_EQ(initial_bytes, engine->buffers().use().reserved_bytes);
}

TEST_F(PoolKnobs, reuse_detection) {
  config_.adaptive_pool.reuse_detection = false;
  EXPECT_EQ(0u, Reused(1));
}

}  // namespace
}  // namespace sterna
