// SPDX-License-Identifier: Apache-2.0
#include "engine/prefix_cache.h"

#include <gtest/gtest.h>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

constexpr uint32_t kBlock = model::kTokensPerBlock;
using Blocks = std::vector<uint32_t>;

class PrefixCacheTest : public ::testing::Test {
 protected:
  // As a sequence that computed `tokens`, was remembered and ended.
  Blocks Compute(const std::vector<text::TokenId>& tokens) {
    Blocks blocks;
    for (size_t i = 0; i < tokens.size() / kBlock; ++i) blocks.push_back(pool_.Take().value());
    cache_.Add(tokens, blocks);
    for (const uint32_t block : blocks) pool_.Return(block);
    return blocks;
  }
  model::KvBlockPool pool_{8};
  PrefixCache cache_{pool_, 6};
};

TEST_F(PrefixCacheTest, FindsWholeBlocksOfTheSameBeginning) {
  std::vector<text::TokenId> tokens = PlainPrompt(3 * kBlock + 5);
  const Blocks blocks = Compute(tokens);
  EXPECT_EQ(cache_.Find(tokens), blocks);
  EXPECT_EQ(cache_.Find(std::span(tokens).first(2 * kBlock + 1)), Blocks(blocks.begin(), blocks.begin() + 2));
  EXPECT_EQ(cache_.Find(std::span(tokens).first(kBlock - 1)), Blocks());
  tokens[kBlock] += 1;
  EXPECT_EQ(cache_.Find(tokens), Blocks({blocks[0]}));
  tokens[0] += 1;
  EXPECT_EQ(cache_.Find(tokens), Blocks());
}

// The same tokens behind others have other keys and values.
TEST_F(PrefixCacheTest, ABlockIsKnownByAllBeforeIt) {
  std::vector<text::TokenId> tokens = PlainPrompt(2 * kBlock);
  Compute(tokens);
  EXPECT_EQ(cache_.Find(std::span(tokens).subspan(kBlock)), Blocks());
}

TEST_F(PrefixCacheTest, WhatIsKnownAlreadyStays) {
  const std::vector<text::TokenId> tokens = PlainPrompt(2 * kBlock);
  const Blocks first = Compute(tokens);
  Compute(tokens);
  EXPECT_EQ(cache_.Find(tokens), first);
  EXPECT_EQ(pool_.free_blocks(), 6u);
}

TEST_F(PrefixCacheTest, GivesUpWhatWasUsedLongestAgoAndEndsBeforeBeginnings) {
  const auto old = PlainPrompt(2 * kBlock, 1), recent = PlainPrompt(2 * kBlock, 2);
  const Blocks old_blocks = Compute(old);
  Compute(recent);
  EXPECT_EQ(cache_.spare_blocks(), 4u);
  cache_.MakeFree(5);
  EXPECT_EQ(cache_.Find(old), Blocks({old_blocks[0]}));
  EXPECT_EQ(cache_.Find(recent).size(), 2u);
  cache_.MakeFree(8);
  EXPECT_EQ(pool_.free_blocks(), 8u);
  EXPECT_EQ(cache_.Find(recent), Blocks());
}

TEST_F(PrefixCacheTest, KeepsNoMoreThanItMay) {
  const auto old = PlainPrompt(3 * kBlock, 1), recent = PlainPrompt(4 * kBlock, 2);
  Compute(old);
  Compute(recent);
  EXPECT_EQ(cache_.blocks(), 6u);
  EXPECT_EQ(cache_.Find(old).size(), 2u);
  EXPECT_EQ(cache_.Find(recent).size(), 4u);
  model::KvBlockPool pool(2);
  PrefixCache none(pool, 0);
  none.Add(std::span(old).first(kBlock), Blocks({pool.Take().value()}));
  EXPECT_EQ(none.blocks(), 0u);
}

TEST_F(PrefixCacheTest, KeepsWhatASequenceHolds) {
  const auto tokens = PlainPrompt(2 * kBlock);
  const Blocks blocks = Compute(tokens);
  model::KvTable table(2 * kBlock);
  table.Adopt(std::span(blocks).first(1), pool_);
  cache_.MakeFree(8);
  EXPECT_EQ(pool_.free_blocks(), 7u);
  EXPECT_EQ(cache_.Find(tokens), Blocks({blocks[0]}));
  table.Truncate(0, pool_);
  cache_.MakeFree(8);
  EXPECT_EQ(pool_.free_blocks(), 8u);
}

}  // namespace
}  // namespace sterna::engine
