// SPDX-License-Identifier: Apache-2.0
#include "router/core_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sterna::router {
namespace {

using platform::CpuPlace;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Cores 0..n-1, with a second hyper-thread at n..2n-1 where `smt`; the first half lies on memory node 0.
std::vector<CpuPlace> Machine(uint32_t cores, bool smt) {
  std::vector<CpuPlace> places;
  for (uint32_t cpu = 0; cpu < (smt ? 2 * cores : cores); ++cpu) {
    const uint32_t core = cpu % cores;
    places.push_back({.number = cpu, .core = std::to_string(core), .node = core < cores / 2 ? 0u : 1u});
  }
  return places;
}

TEST(CoreSplit, InstancesGetWholeCoresOfOneMemoryNode) {
  EXPECT_THAT(SplitCpus(Machine(4, true), 2), ElementsAre(ElementsAre(0, 1, 4, 5), ElementsAre(2, 3, 6, 7)));
}

TEST(CoreSplit, SharesDifferByOneCore) {
  EXPECT_THAT(SplitCpus(Machine(4, false), 3), ElementsAre(ElementsAre(0, 1), ElementsAre(2), ElementsAre(3)));
}

TEST(CoreSplit, NodesAreTakenOneAfterTheOtherWhateverTheNumbers) {
  const std::vector<CpuPlace> places = {{0, "0", 0}, {1, "1", 1}, {2, "2", 0}, {3, "3", 1}};
  EXPECT_THAT(SplitCpus(places, 2), ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
}

TEST(CoreSplit, HyperThreadsAreDealtWhereCoresAreTooFew) {
  EXPECT_THAT(SplitCpus(Machine(2, true), 4),
              ElementsAre(ElementsAre(0), ElementsAre(2), ElementsAre(1), ElementsAre(3)));
}

TEST(CoreSplit, CpusThatNameNoCoreAreCoresOfTheirOwn) {
  EXPECT_THAT(SplitCpus({{5, "", 0}, {3, "", 0}}, 2), ElementsAre(ElementsAre(3), ElementsAre(5)));
}

TEST(CoreSplit, TooFewCpusLeaveTheLastWithout) {
  EXPECT_THAT(SplitCpus({{0, "0", 0}}, 2), ElementsAre(ElementsAre(0), IsEmpty()));
}

}  // namespace
}  // namespace sterna::router
