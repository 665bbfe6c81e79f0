// SPDX-License-Identifier: Apache-2.0
#include "router/prefix_table.h"

#include <gtest/gtest.h>

#include <string>

namespace sterna::router {
namespace {

std::string Chat(const std::string& messages) { return R"({"model": "m", "messages": [)" + messages + R"(], "n": 1})"; }

const std::string kLong(2 * kPrefixBlockBytes, 'a');

TEST(PrefixBlocks, AConversationThatGoesOnBeginsWithTheSameBlocks) {
  const auto first = PrefixBlocks(Chat(kLong));
  const auto second = PrefixBlocks(Chat(kLong + ", " + kLong));
  ASSERT_EQ(first.size(), 2u);
  ASSERT_EQ(second.size(), 4u);
  EXPECT_EQ(first[0], second[0]);
  EXPECT_EQ(first[1], second[1]);
}

TEST(PrefixBlocks, WhatStandsBeforeThePromptDoesNotCount) {
  EXPECT_EQ(PrefixBlocks(R"({"seed": 7, "prompt": ")" + kLong), PrefixBlocks(R"({"prompt": ")" + kLong));
}

TEST(PrefixBlocks, EachNumberIsOfAllBlocksBefore) {
  const auto blocks = PrefixBlocks("\"prompt\"" + std::string(kPrefixBlockBytes - 8, 'x') + kLong);
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_NE(blocks[1], blocks[2]);
  const auto other = PrefixBlocks("\"prompt\"" + std::string(kPrefixBlockBytes - 8, 'y') + kLong);
  EXPECT_NE(blocks[0], other[0]);
  EXPECT_NE(blocks[1], other[1]);
}

TEST(PrefixBlocks, ShortAndOtherBodiesHaveNoneAndLongOnesAreCut) {
  EXPECT_TRUE(PrefixBlocks("").empty());
  EXPECT_TRUE(PrefixBlocks(kLong).empty());
  EXPECT_TRUE(PrefixBlocks(R"({"prompt": "a"})").empty());
  EXPECT_EQ(PrefixBlocks("\"prompt\"" + std::string(10 * kMaxPrefixBlocks * kPrefixBlockBytes, 'x')).size(),
            kMaxPrefixBlocks);
}

TEST(PrefixTable, FindsTheLongestBeginningAndWhoSawItLast) {
  PrefixTable table;
  const std::vector<uint64_t> first = {1, 2, 3}, second = {1, 2, 4};
  EXPECT_EQ(table.Find(first).blocks, 0u);
  table.Remember(first, 0);
  table.Remember(second, 1);
  EXPECT_EQ(table.Find(first).instance, 0u);
  EXPECT_EQ(table.Find(first).blocks, 3u);
  const std::vector<uint64_t> third = {1, 2, 5};
  EXPECT_EQ(table.Find(third).instance, 1u);
  EXPECT_EQ(table.Find(third).blocks, 2u);
}

TEST(PrefixTable, AnInstanceThatEndedKnowsNothing) {
  PrefixTable table;
  table.Remember(std::vector<uint64_t>{1, 2}, 0);
  table.Remember(std::vector<uint64_t>{3}, 1);
  table.Forget(0);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.Find(std::vector<uint64_t>{1, 2}).blocks, 0u);
  EXPECT_EQ(table.Find(std::vector<uint64_t>{3}).blocks, 1u);
}

TEST(PrefixTable, IsBounded) {
  PrefixTable table(10);
  for (uint64_t block = 0; block < 100; ++block) table.Remember(std::vector<uint64_t>{block}, 0);
  EXPECT_EQ(table.size(), 10u);
  EXPECT_EQ(table.Find(std::vector<uint64_t>{99}).blocks, 1u);
  EXPECT_EQ(table.Find(std::vector<uint64_t>{0}).blocks, 0u);
}

}  // namespace
}  // namespace sterna::router
