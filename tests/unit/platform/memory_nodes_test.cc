// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_nodes.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "platform/aligned_buffer.h"

namespace sterna::platform {
namespace {

constexpr size_t kLarge = size_t{4} << 20;

// Two nodes of two CPUs each.
const std::vector<CpuPlace> kTwoNodes = {{0, "0", 0}, {1, "1", 0}, {2, "2", 1}, {3, "3", 1}};

TEST(MemoryNodes, AreThoseThatWorkersRunOn) {
  EXPECT_EQ(0b11u, PlanMemoryNodes(kTwoNodes, {}));
  EXPECT_EQ(0b10u, PlanMemoryNodes(kTwoNodes, {{2}, {3}}));
  EXPECT_EQ(0b11u, PlanMemoryNodes(kTwoNodes, {{1}, {2, 3}}));
}

TEST(MemoryNodes, AreThoseOfThePlanOfWorkers) {
  const auto nodes_of = [](uint32_t turn) {
    return PlanMemoryNodes(kTwoNodes, PlanWorkers(kTwoNodes, WorkerBinding::kCore, 2, turn));
  };
  EXPECT_EQ(0b01u, nodes_of(0));
  EXPECT_EQ(0b10u, nodes_of(1));  // the second engine of the machine has the other node's cores, and its memory
}

TEST(MemoryNodes, OfAMachineWithOneAreNotChosen) {
  EXPECT_EQ(0u, PlanMemoryNodes({{0, "0", 0}, {1, "1", 0}}, {{0}}));
  EXPECT_EQ(0u, PlanMemoryNodes({}, {}));
}

TEST(MemoryNodes, BeyondTheSetAreLeftOut) {
  EXPECT_EQ(0u, PlanMemoryNodes({{0, "0", 0}, {1, "1", 64}}, {}));
  EXPECT_EQ(0b11u, PlanMemoryNodes({{0, "0", 0}, {1, "1", 1}, {2, "2", 64}}, {}));
}

TEST(MemoryNodes, TakeThePagesOfALargeBufferInTurns) {
  const auto placed = AlignedBuffer::Create(kLarge, {.alignment_bytes = 64, .nodes = 0b1});
  ASSERT_TRUE(placed.ok());
  auto probe = AlignedBuffer::Create(kLarge);
  if (!PlaceOnNodes({probe->data(), kLarge}, 0b1)) GTEST_SKIP() << "this system places nothing";
  EXPECT_EQ(0b1u, WishedNodes(placed->data()));
  EXPECT_EQ(0b1u, WishedNodes(placed->data() + kLarge - 1));
}

TEST(MemoryNodes, AreTheSystemsChoiceWhereNobodyAsks) {
  const auto buffer = AlignedBuffer::Create(kLarge);
  EXPECT_EQ(0u, WishedNodes(buffer->data()));
}

TEST(MemoryNodes, ThatDoNotExistChangeNothing) {
  const auto buffer = AlignedBuffer::Create(kLarge, {.alignment_bytes = 64, .nodes = uint64_t{1} << 63});
  ASSERT_TRUE(buffer.ok());
  EXPECT_EQ(0u, WishedNodes(buffer->data()));
}

}  // namespace
}  // namespace sterna::platform
