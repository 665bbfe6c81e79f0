// SPDX-License-Identifier: Apache-2.0
#include "platform/topology.h"

#include <gtest/gtest.h>

namespace sterna::platform {
namespace {

TEST(Topology, CountsHyperThreadsOfACoreOnce) {
  EXPECT_EQ(2u, CountCores({{0, "0,2\n"}, {1, "1,3\n"}, {2, "0,2\n"}, {3, "1,3\n"}}, std::nullopt));
}

TEST(Topology, CountsACoreWithOneAllowedThread) {
  EXPECT_EQ(2u, CountCores({{2, "0,2\n"}, {3, "1,3\n"}}, std::nullopt));
}

TEST(Topology, CountsEveryCpuWhereTheSystemNamesNoSiblings) {
  EXPECT_EQ(3u, CountCores({{0, ""}, {1, ""}, {5, ""}}, std::nullopt));
}

TEST(Topology, CutsToTheQuotaRoundedUp) {
  EXPECT_EQ(2u, CutToQuota(8, 1.5));
  EXPECT_EQ(1u, CutToQuota(8, 0.1));
  EXPECT_EQ(8u, CutToQuota(8, 100.0));
  EXPECT_EQ(1u, CutToQuota(0, std::nullopt));
}

TEST(Topology, FindsAtLeastOneCoreHereAndNoMoreThanLogicalCpus) {
  EXPECT_GE(UsableCores(), 1u);
  EXPECT_LE(UsableCores(), UsableLogicalCpus());
}

}  // namespace
}  // namespace sterna::platform
