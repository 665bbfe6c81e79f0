// SPDX-License-Identifier: Apache-2.0
#include "model/kv_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace sterna::model {
namespace {

TEST(KvBlockPool, GivesEachBlockOnce) {
  KvBlockPool pool(5);
  std::set<uint32_t> taken;
  for (int i = 0; i < 5; ++i) taken.insert(*pool.Take());
  EXPECT_EQ(taken, (std::set<uint32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(pool.free_blocks(), 0u);
}

TEST(KvBlockPool, IsExhaustedUntilABlockComesBack) {
  KvBlockPool pool(1);
  const uint32_t block = *pool.Take();
  EXPECT_EQ(pool.Take().status().code(), StatusCode::kResourceExhausted);
  pool.Return(block);
  EXPECT_EQ(*pool.Take(), block);
}

TEST(KvTable, ReservesBlocksOf64Tokens) {
  KvBlockPool pool(8);
  KvTable table;
  for (const auto& [tokens, blocks] : {std::pair{0u, 0u}, {1u, 1u}, {64u, 1u}, {65u, 2u}, {300u, 5u}}) {
    ASSERT_TRUE(table.Reserve(tokens, pool).ok());
    EXPECT_EQ(table.blocks().size(), blocks) << tokens;
  }
}

TEST(KvTable, NeverShrinksOnReserve) {
  KvBlockPool pool(8);
  KvTable table;
  ASSERT_TRUE(table.Reserve(200, pool).ok());
  ASSERT_TRUE(table.Reserve(10, pool).ok());
  EXPECT_EQ(table.blocks().size(), 4u);
}

TEST(KvTable, KeepsWhatItHadWhenThePoolHasTooFew) {
  KvBlockPool pool(3);
  KvTable table;
  ASSERT_TRUE(table.Reserve(64, pool).ok());
  const Status status = table.Reserve(64 * 4, pool);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("3 more KV blocks, and 2 of 3 are free"));
  EXPECT_EQ(table.blocks().size(), 1u);
  EXPECT_EQ(pool.free_blocks(), 2u);
}

TEST(KvTable, TruncateGivesBackTheBlocksBehind) {
  KvBlockPool pool(4);
  KvTable table;
  ASSERT_TRUE(table.Reserve(256, pool).ok());
  const uint32_t first = table.blocks()[0];
  table.Truncate(64, pool);
  EXPECT_THAT(table.blocks(), ::testing::ElementsAre(first));
  EXPECT_EQ(pool.free_blocks(), 3u);
  table.Truncate(0, pool);
  EXPECT_EQ(pool.free_blocks(), 4u);
}

}  // namespace
}  // namespace sterna::model
