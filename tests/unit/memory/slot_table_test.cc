// SPDX-License-Identifier: Apache-2.0
#include "memory/slot_table.h"

#include <gtest/gtest.h>

namespace sterna::memory {
namespace {

constexpr auto kAnyMayGo = [](size_t) { return true; };

// Five parts, of which 0, 1 and 2 lie in three slots, loaded in this order.
SlotTable ThreeOfFive(EvictionPolicy policy) {
  SlotTable table(5, 3, policy);
  for (size_t part = 0; part < 3; ++part) table.Put(part, part);
  return table;
}

TEST(SlotTable, TakesFreeSlotsFirst) {
  SlotTable table(5, 3, EvictionPolicy::kLru);
  table.Put(4, 1);
  EXPECT_EQ(table.Choose(4, 3, kAnyMayGo), 0u);
  EXPECT_EQ(table.SlotOf(4), 1u);
  EXPECT_EQ(table.SlotOf(0), SlotTable::kNone);
}

TEST(SlotTable, ForgetsThePartOfAClearedSlot) {
  SlotTable table = ThreeOfFive(EvictionPolicy::kLru);
  table.Clear(1);
  EXPECT_EQ(table.SlotOf(1), SlotTable::kNone);
  EXPECT_EQ(table.PartIn(1), SlotTable::kNone);
  table.Put(3, 1);
  EXPECT_EQ(table.PartIn(table.SlotOf(3)), 3u);
}

TEST(SlotTable, LruGivesUpWhatWasNotUsedForLongest) {
  SlotTable table = ThreeOfFive(EvictionPolicy::kLru);
  table.NoteUse(0);
  table.NoteUse(2);
  EXPECT_EQ(table.PartIn(table.Choose(2, 3, kAnyMayGo)), 1u);
}

TEST(SlotTable, LfuGivesUpWhatWasUsedLeastOften) {
  SlotTable table = ThreeOfFive(EvictionPolicy::kLfu);
  for (const size_t part : {0u, 1u, 1u, 0u, 2u}) table.NoteUse(part);
  EXPECT_EQ(table.PartIn(table.Choose(2, 3, kAnyMayGo)), 2u);
}

TEST(SlotTable, FifoGivesUpWhatWasLoadedFirst) {
  SlotTable table = ThreeOfFive(EvictionPolicy::kFifo);
  for (const size_t part : {2u, 1u, 0u}) table.NoteUse(part);
  EXPECT_EQ(table.PartIn(table.Choose(0, 3, kAnyMayGo)), 0u);
}

TEST(SlotTable, FarthestNextGivesUpWhatIsUsedLastFromNowOn) {
  SlotTable table = ThreeOfFive(EvictionPolicy::kFarthestNext);
  EXPECT_EQ(table.PartIn(table.Choose(1, 3, kAnyMayGo)), 1u);  // next: 2, 3, 4, 0, 1
  EXPECT_EQ(table.PartIn(table.Choose(4, 3, kAnyMayGo)), 2u);  // next: 0, 1, 2
}

TEST(SlotTable, LeavesWhatMayNotGo) {
  SlotTable table = ThreeOfFive(EvictionPolicy::kFifo);
  EXPECT_EQ(table.PartIn(table.Choose(0, 3, [](size_t part) { return part == 2; })), 2u);
  EXPECT_EQ(table.Choose(0, 3, [](size_t) { return false; }), SlotTable::kNone);
}

TEST(SlotTable, UsesNoMoreSlotsThanItIsTold) {
  const SlotTable table = ThreeOfFive(EvictionPolicy::kFarthestNext);
  EXPECT_EQ(table.Choose(2, 2, kAnyMayGo), 1u);  // part 2, in the third slot, would go
  EXPECT_EQ(table.Choose(2, 3, kAnyMayGo), 2u);
}

}  // namespace
}  // namespace sterna::memory
