// SPDX-License-Identifier: Apache-2.0
#include "config/recommend.h"

#include <gtest/gtest.h>

#include "config/keys.h"
#include "config/resolve.h"

namespace sterna::config {
namespace {

constexpr uint64_t kGigabyte = uint64_t{1} << 30;

std::string PresetFor(uint32_t cores, uint64_t memory_bytes) {
  return Recommend({cores, memory_bytes, {}}).at(0).value;
}

TEST(Recommend, PresetFollowsCoresAndMemory) {
  EXPECT_EQ(PresetFor(2, 16 * kGigabyte), "mobile");
  EXPECT_EQ(PresetFor(8, 2 * kGigabyte), "mobile");
  EXPECT_EQ(PresetFor(8, 16 * kGigabyte), "desktop");
  EXPECT_EQ(PresetFor(64, 256 * kGigabyte), "server");
}

TEST(Recommend, ALimitStaysBelowTheControlGroups) {
  EXPECT_EQ(Recommend({8, 16 * kGigabyte, {}}).size(), 1u);
  const auto list = Recommend({8, 16 * kGigabyte, 10 * kGigabyte});
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1].key, "engine.memory_limit_mb");
  EXPECT_EQ(list[1].value, "8192");
  EXPECT_EQ(Recommend({8, 16 * kGigabyte, 0})[1].value, "1");
}

TEST(Recommend, EveryValueIsOneThatItsKeyTakes) {
  for (const auto& line : Recommend({1, 0, 5})) {
    Config config;
    if (line.key == kPresetKey) {
      EXPECT_TRUE(Config::preset(line.value).ok());
    } else {
      const auto key = FindKey(line.key);
      ASSERT_TRUE(key.ok());
      EXPECT_TRUE((*key)->set(config, line.value).ok());
    }
  }
}

}  // namespace
}  // namespace sterna::config
