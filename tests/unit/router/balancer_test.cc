// SPDX-License-Identifier: Apache-2.0
#include "router/balancer.h"

#include <gtest/gtest.h>

namespace sterna::router {
namespace {

InstanceLoad Up(uint32_t in_flight, uint64_t taken = 0) { return {.up = true, .in_flight = in_flight, .taken = taken}; }

TEST(ChooseInstance, TheLeastLoadedThatIsUp) {
  const std::vector<InstanceLoad> loads = {Up(3), {.up = false, .in_flight = 0, .taken = 0}, Up(2)};
  EXPECT_EQ(ChooseInstance(loads, {}, 0), 2u);
  EXPECT_EQ(ChooseInstance(std::vector<InstanceLoad>(2), {}, 0), std::nullopt);
}

TEST(ChooseInstance, AmongEqualsTheOneThatWasAskedLeast) {
  EXPECT_EQ(ChooseInstance(std::vector<InstanceLoad>{Up(1, 5), Up(1, 4)}, {}, 0), 1u);
}

TEST(ChooseInstance, WhoHadTheConversationUnlessItIsMoreLoadedThanTheMargin) {
  const PrefixMatch match = {.instance = 1, .blocks = 3};
  EXPECT_EQ(ChooseInstance(std::vector<InstanceLoad>{Up(0), Up(kAffinityMargin)}, match, 6), 1u);
  EXPECT_EQ(ChooseInstance(std::vector<InstanceLoad>{Up(0), Up(kAffinityMargin + 1)}, match, 6), 0u);
  EXPECT_EQ(ChooseInstance(std::vector<InstanceLoad>{Up(9), {.up = false, .in_flight = 0, .taken = 0}}, match, 6), 0u);
}

TEST(ChooseInstance, AShortCommonBeginningDecidesBetweenEqualsAlone) {
  const PrefixMatch match = {.instance = 1, .blocks = 2};
  EXPECT_EQ(ChooseInstance(std::vector<InstanceLoad>{Up(0, 0), Up(0, 9)}, match, 6), 1u);
  EXPECT_EQ(ChooseInstance(std::vector<InstanceLoad>{Up(0), Up(1)}, match, 6), 0u);
}

TEST(Balancer, LeasesCountForAsLongAsTheyLive) {
  Balancer balancer(2);
  EXPECT_EQ(balancer.Take({}, std::nullopt), nullptr);
  balancer.SetUp(0, true);
  balancer.SetUp(1, true);
  const auto first = balancer.Take({}, std::nullopt);
  auto second = balancer.Take({}, std::nullopt);
  EXPECT_NE(first->instance(), second->instance());
  const uint32_t free = second->instance();
  second.reset();
  EXPECT_EQ(balancer.Loads()[free].in_flight, 0u);
  EXPECT_EQ(balancer.Take({}, std::nullopt)->instance(), free);
}

TEST(Balancer, ConversationsStayUntilTheirInstanceEnds) {
  Balancer balancer(2);
  balancer.SetUp(0, true);
  balancer.SetUp(1, true);
  const std::vector<uint64_t> blocks = {1, 2};
  const uint32_t home = balancer.Take(blocks, std::nullopt)->instance();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(balancer.Take(blocks, std::nullopt)->instance(), home);
  const uint32_t other = 1 - home;
  EXPECT_EQ(balancer.Take(blocks, home)->instance(), other);  // it failed there
  balancer.SetUp(other, false);
  EXPECT_EQ(balancer.Take(blocks, std::nullopt)->instance(), home);
  EXPECT_EQ(balancer.Take(blocks, home), nullptr);
}

}  // namespace
}  // namespace sterna::router
