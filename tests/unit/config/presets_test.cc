// SPDX-License-Identifier: Apache-2.0
#include "config/presets.h"

#include <gtest/gtest.h>

#include "config/keys.h"
#include "platform/topology.h"

namespace sterna {
namespace {

TEST(Presets, AreAllValid) {
  for (const config::PresetName& name : config::PresetNames()) {
    const Result<Config> preset = Config::preset(name.name);
    ASSERT_TRUE(preset.ok()) << name.name;
    EXPECT_TRUE(config::Validate(*preset).ok()) << name.name;
  }
}

TEST(Presets, NameTheNearest) {
  EXPECT_EQ("unknown preset 'produktion'; the nearest is production", Config::preset("produktion").status().message());
}

TEST(Presets, HaveTheGuidesBatchSizes) {
  EXPECT_EQ(4u, Config::preset("mobile")->batch.max_batch_size);
  EXPECT_EQ(1u, Config::preset("mobile")->batch.chunk_size);
  EXPECT_EQ(512u, Config::preset("mobile")->batch.memory_limit_mb);
  EXPECT_EQ(16u, Config::preset("desktop")->batch.max_batch_size);
  EXPECT_EQ(64u, Config::preset("server")->batch.max_batch_size);
  EXPECT_EQ(16u, Config::preset("server")->batch.chunk_size);
  EXPECT_EQ(8192u, Config::preset("server")->batch.memory_limit_mb);
}

TEST(Presets, LeaveTwoCoresToTheSystemInProduction) {
  const uint32_t cores = platform::UsableCores();
  EXPECT_EQ(cores > 2 ? cores - 2 : 1, *Config::preset("production")->engine.thread_count);
  EXPECT_TRUE(Config::preset("production")->engine.enable_monitoring);
}

TEST(Presets, SetMemoryCachesPressureAndHealth) {
  const Config mobile = *Config::preset("mobile"), server = *Config::preset("server");
  EXPECT_EQ(AllocationStrategy::Conservative, mobile.memory_pool.allocation_strategy);
  EXPECT_EQ(128u, mobile.cache.tensor_cache_mb);
  EXPECT_EQ(32u, mobile.cache.activation_cache_mb);
  EXPECT_EQ(0.7, mobile.memory_pressure.low_memory_threshold);
  EXPECT_EQ(0.8, mobile.memory_pressure.medium_pressure_threshold);
  EXPECT_EQ(512u, server.cache.activation_cache_mb);
  for (const char* name : {"server", "x86_64", "production"}) {
    EXPECT_EQ(64u, Config::preset(name)->memory_pool.chunk_size_mb) << name;
    EXPECT_EQ(4096u, Config::preset(name)->memory_pool.max_size_mb) << name;
  }
}

TEST(Presets, HaveTheGuidesThresholdsInProduction) {
  const Config production = *Config::preset("production");
  EXPECT_TRUE(production.memory_pool.enable_tracking);
  EXPECT_EQ(0.8, production.memory_pressure.low_memory_threshold);
  EXPECT_EQ(0.9, production.memory_pressure.medium_pressure_threshold);
  EXPECT_EQ(MemoryPressureConfig::all_actions(), production.memory_pressure.high_pressure_actions);
  EXPECT_EQ(0.9, production.health.memory_threshold);
  EXPECT_EQ(1000u, production.health.latency_threshold_ms);
  EXPECT_EQ(0.01, production.health.error_rate_threshold);
  EXPECT_EQ(std::chrono::seconds(10), production.health.check_interval);
}

TEST(HardwareProfiles, FollowCoresAndMemory) {
  constexpr uint64_t kGigabyte = uint64_t{1} << 30;
  EXPECT_EQ(HardwareProfile::Mobile, config::ChooseProfile(3, 64 * kGigabyte));
  EXPECT_EQ(HardwareProfile::Mobile, config::ChooseProfile(32, 4 * kGigabyte - 1));
  EXPECT_EQ(HardwareProfile::Desktop, config::ChooseProfile(4, 4 * kGigabyte));
  EXPECT_EQ(HardwareProfile::Desktop, config::ChooseProfile(16, 4 * kGigabyte));
  EXPECT_EQ(HardwareProfile::Server, config::ChooseProfile(17, 64 * kGigabyte));
}

TEST(LoadBalancing, SharesMemoryAndCoresOut) {
  Config base;
  base.engine.thread_count = 7;
  const auto configs = Config::load_balanced(base, 3, 1000);
  ASSERT_TRUE(configs.ok());
  uint32_t cores = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(i, (*configs)[i].engine.instance_id);
    EXPECT_EQ(333u, *(*configs)[i].engine.memory_limit_mb);
    cores += *(*configs)[i].engine.thread_count;
  }
  EXPECT_EQ(7u, cores);
  EXPECT_EQ(StatusCode::kInvalidArgument, Config::load_balanced(base, 0, 1000).status().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, Config::load_balanced(base, 8, 1000).status().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, Config::load_balanced(base, 3, 2).status().code());
}

}  // namespace
}  // namespace sterna
