// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/attention_plan.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "unit/backend/mini_model.h"

namespace sterna::backend {
namespace {

AttentionPlan Plan(const AttentionPlan::Limits& limits) {
  AttentionPlan plan;
  EXPECT_TRUE(plan.Prepare(limits).ok());
  return plan;
}

test::BatchRows Rows(uint32_t first, uint32_t count, uint32_t sequence = 0) {
  test::BatchRows rows;
  for (uint32_t position = first; position < first + count; ++position) rows.Add(0, position, sequence);
  return rows;
}

TEST(AttentionPlan, OneRowOnSeveralThreadsIsCutIntoRunsOfItsBlocks) {
  AttentionPlan plan = Plan({.rows = 16, .positions = 1000, .threads = 2, .kv_heads = 3, .group = 2, .head_dim = 10});
  plan.Cut(Rows(999, 1).batch());
  ASSERT_TRUE(plan.split());
  EXPECT_GE(plan.runs().size() * 3, 6u);
  uint32_t next = 0;
  for (const AttentionPlan::Run& run : plan.runs()) {
    EXPECT_EQ(next, run.first);
    EXPECT_LT(run.first, run.end);
    next = run.end;
  }
  EXPECT_EQ(16u, next);
}

TEST(AttentionPlan, PartialsOfRunsDoNotOverlapAndFitTheMemory) {
  AttentionPlan plan = Plan({.rows = 16, .positions = 256, .threads = 8, .kv_heads = 3, .group = 2, .head_dim = 10});
  plan.Cut(Rows(250, 6).batch());
  ASSERT_TRUE(plan.split());
  const float* const begin = plan.PartialsOf(0, 0);
  size_t group = 0;
  for (uint32_t row = 0; row < 6; ++row) {
    for (uint32_t head = 0; head < 3; ++head, group += 4) {
      EXPECT_EQ(begin + group * plan.group_floats(), plan.PartialsOf(row, head));
    }
  }
  EXPECT_LE(group * plan.group_floats() * sizeof(float), plan.size_bytes());
}

TEST(AttentionPlan, RowsWhosePartialsDoNotFitAreNotSplit) {
  AttentionPlan plan = Plan({.rows = 16, .positions = 256, .threads = 8, .kv_heads = 1, .group = 2, .head_dim = 10});
  plan.Cut(Rows(248, 8).batch());
  EXPECT_TRUE(plan.split());
  plan.Cut(Rows(247, 9).batch());
  EXPECT_FALSE(plan.split());
}

TEST(AttentionPlan, OneThreadIsNeverSplit) {
  AttentionPlan plan = Plan({.rows = 16, .positions = 1000, .threads = 1, .kv_heads = 3, .group = 2, .head_dim = 10});
  plan.Cut(Rows(999, 1).batch());
  EXPECT_FALSE(plan.split());
  EXPECT_EQ(1u, plan.tiles().size());
}

TEST(AttentionPlan, TilesHoldNeighbouringRowsOfOneSequence) {
  AttentionPlan plan = Plan({.rows = 100, .positions = 1000, .threads = 1, .kv_heads = 3, .group = 2, .head_dim = 10});
  test::BatchRows rows = Rows(60, 11);
  rows.Add(0, 500, 1);
  plan.Cut(rows.batch());
  ASSERT_EQ(3u, plan.tiles().size());
  const std::pair<uint32_t, uint32_t> expected[] = {{0, 8}, {8, 3}, {11, 1}};
  const uint32_t expected_blocks[] = {2, 2, 8};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(expected[i], std::pair(plan.tiles()[i].row, plan.tiles()[i].rows));
    EXPECT_EQ(expected_blocks[i], plan.tiles()[i].end);
  }
}

TEST(AttentionPlan, SmallTilesLeaveEachThreadSomePieces) {
  AttentionPlan plan = Plan({.rows = 100, .positions = 1000, .threads = 4, .kv_heads = 2, .group = 2, .head_dim = 10});
  plan.Cut(Rows(0, 24).batch());
  EXPECT_EQ(8u, plan.tiles().size());
}

TEST(AttentionPlan, RowsWithAWindowBeginAtTheBlockOfTheFirstPositionTheySee) {
  AttentionPlan plan =
      Plan({.rows = 16, .positions = 1000, .threads = 2, .kv_heads = 1, .group = 2, .head_dim = 10, .window = 100});
  EXPECT_EQ(0u, plan.FirstSeen(99));
  EXPECT_EQ(1u, plan.FirstSeen(100));
  EXPECT_EQ(6u, plan.FirstBlock(483));
  EXPECT_EQ(5u, plan.FirstBlock(482));
  test::BatchRows two = Rows(482, 1);
  two.Add(0, 483, 1);
  plan.Cut(two.batch());
  ASSERT_TRUE(plan.split());
  EXPECT_EQ(5u, plan.runs().front().first);
  EXPECT_EQ(8u, plan.runs().back().end);
  EXPECT_EQ(3u, plan.row(0).blocks());
  EXPECT_EQ(2u, plan.row(1).blocks());
  plan.Cut(Rows(476, 16).batch());
  ASSERT_FALSE(plan.split());
  EXPECT_EQ(5u, plan.tiles().front().first);
  EXPECT_EQ(8u, plan.tiles().back().end);
}

TEST(AttentionPlan, TellsTheMemoryItTakes) {
  for (const uint32_t threads : {1u, 2u, 7u}) {
    const AttentionPlan::Limits limits = {
        .rows = 9, .positions = 333, .threads = threads, .kv_heads = 2, .group = 3, .head_dim = 20};
    EXPECT_EQ(AttentionPlan::BytesFor(limits), Plan(limits).size_bytes());
    AttentionPlan::Limits windowed = limits;
    windowed.window = 70;
    EXPECT_EQ(AttentionPlan::BytesFor(windowed), Plan(windowed).size_bytes());
    if (threads > 1) {
      EXPECT_LT(AttentionPlan::BytesFor(windowed), AttentionPlan::BytesFor(limits));
    }
  }
}

}  // namespace
}  // namespace sterna::backend
