// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace sterna::config {
namespace {

using ::testing::HasSubstr;

const Key& KeyOf(const std::string& name) { return **FindKey(name); }

TEST(ConfigKeys, HaveDifferentNamesAndAnEffect) {
  std::set<std::string> names;
  for (const Key& key : AllKeys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_FALSE(key.effect.empty()) << key.name;
  }
  EXPECT_GT(names.size(), 40u);
}

TEST(ConfigKeys, TakeBackTheTextOfEveryDefault) {
  for (const Key& key : AllKeys()) {
    Config config;
    const Status status = key.set(config, key.default_text);
    EXPECT_TRUE(status.ok()) << key.name << ": " << status.ToString();
    EXPECT_EQ(key.default_text, key.get(config)) << key.name;
  }
}

struct Change {
  const char* key;
  const char* text;
};

class ConfigValues : public testing::TestWithParam<Change> {};

TEST_P(ConfigValues, GoInAndComeOut) {
  const Key& key = KeyOf(GetParam().key);
  Config config;
  ASSERT_NE(GetParam().text, key.default_text);
  ASSERT_TRUE(key.set(config, GetParam().text).ok());
  EXPECT_EQ(GetParam().text, key.get(config));
  EXPECT_TRUE(key.check(config).ok());
}

INSTANTIATE_TEST_SUITE_P(
    OfEveryType, ConfigValues,
    testing::Values(Change{"engine.thread_count", "3"}, Change{"engine.device", "cuda:2"},
                    Change{"engine.fallback_device", "none"}, Change{"engine.enable_avx2", "false"},
                    Change{"engine.thread_affinity", "numa_node"}, Change{"engine.health_check_interval", "250"},
                    Change{"engine.parallel_threshold", "1000000000000"}, Change{"generation.temperature", "0.25"},
                    Change{"generation.stop_tokens", "[ \"a\", \"b\" ]"},
                    Change{"generation.seed", "18446744073709551615"}, Change{"inference.kv_storage", "q8"},
                    Change{"inference.kernels", "scalar"}, Change{"cache.eviction_policy", "lru"},
                    Change{"memory_pressure.low_memory_threshold", "0.5"},
                    Change{"tensor_pool.size_thresholds", "[ 512, 65536 ]"},
                    Change{"memory_pressure.high_pressure_actions", "[ \"force_gc\", \"clear_cache\" ]"}));

TEST(ConfigKeys, ListsOfWordsMayBeEmptyOrOneWord) {
  const Key& key = KeyOf("memory_pressure.high_pressure_actions");
  Config config;
  ASSERT_TRUE(key.set(config, "[]").ok());
  EXPECT_TRUE(config.memory_pressure.high_pressure_actions.empty());
  ASSERT_TRUE(key.set(config, "force_gc").ok());
  EXPECT_EQ(std::vector{PressureAction::ForceGC}, config.memory_pressure.high_pressure_actions);
  EXPECT_THAT(key.set(config, "[\"forget\"]").message(),
              HasSubstr("is 'forget'; give one of clear_cache, force_gc, reduce_batch_size"));
}

TEST(ConfigKeys, ListsOfNumbersAreReadWithAndWithoutBrackets) {
  const Key& key = KeyOf("tensor_pool.size_thresholds");
  Config config;
  for (const char* text : {"[512,4096]", "512, 4096", "[ 512 , 4096 ]"}) {
    ASSERT_TRUE(key.set(config, text).ok()) << text;
    EXPECT_EQ((std::vector<size_t>{512, 4096}), config.tensor_pool.size_thresholds) << text;
  }
  ASSERT_TRUE(key.set(config, "[]").ok());
  EXPECT_EQ("[]", key.get(config));
  for (const char* text : {"[512", "512,,1", "0", "x", "[\"512\"]", "[512] 1"}) {
    EXPECT_EQ(StatusCode::kInvalidArgument, key.set(config, text).code()) << text;
  }
}

TEST(ConfigKeys, RefuseWhatIsOutOfRangeAndChangeNothing) {
  const auto message_of = [](const char* name, const char* text) {
    Config config;
    const Status status = KeyOf(name).set(config, text);
    EXPECT_EQ(StatusCode::kInvalidArgument, status.code()) << name;
    EXPECT_EQ(KeyOf(name).default_text, KeyOf(name).get(config)) << name;
    return status.message();
  };
  EXPECT_EQ("engine.thread_count is '0'; give a whole number from 1 to 1024", message_of("engine.thread_count", "0"));
  EXPECT_EQ("generation.temperature is '2.5'; give a number from 0 to 2", message_of("generation.temperature", "2.5"));
  EXPECT_EQ("engine.numa_aware is 'maybe'; give true or false", message_of("engine.numa_aware", "maybe"));
  EXPECT_THAT(message_of("inference.kv_storage", "f8"), HasSubstr("give one of f32, f16, q8"));
  EXPECT_THAT(message_of("engine.device", "tpu"), HasSubstr("'tpu' is no device"));
  EXPECT_THAT(message_of("generation.stop_tokens", "[1, 2]"), HasSubstr("give one text, or several"));
  EXPECT_THAT(message_of("generation.temperature", "nan"), HasSubstr("from 0 to 2"));
}

TEST(ConfigKeys, NameTheNearestOfAnUnknownOne) {
  EXPECT_EQ("unknown setting 'engine.thread_cont'; the nearest is engine.thread_count",
            FindKey("engine.thread_cont").status().message());
}

TEST(ConfigKeys, FindValuesThatCodePutOutOfRange) {
  Config config;
  EXPECT_TRUE(Validate(config).ok());
  config.generation.top_p = 1.5f;
  EXPECT_THAT(Validate(config).message(), HasSubstr("generation.top_p is '1.5'"));
  config = Config();
  config.inference.kv_storage = KvStorage(9);
  EXPECT_THAT(Validate(config).message(), HasSubstr("inference.kv_storage is '9'"));
}

}  // namespace
}  // namespace sterna::config
