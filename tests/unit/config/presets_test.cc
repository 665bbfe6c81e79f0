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
