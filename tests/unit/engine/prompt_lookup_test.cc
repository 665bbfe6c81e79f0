// SPDX-License-Identifier: Apache-2.0
#include "engine/prompt_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Tokens = std::vector<text::TokenId>;

Tokens GuessAfter(const Tokens& tokens, size_t limit = 3) {
  PromptLookup lookup;
  lookup.Begin(7);
  lookup.Guess(tokens, limit);
  return {lookup.guess().begin(), lookup.guess().end()};
}

TEST(PromptLookup, GuessesWhatFollowedTheLastTokensBefore) {
  EXPECT_THAT(GuessAfter({1, 2, 3, 4, 5, 9, 1, 2}), ElementsAre(3, 4, 5));
}

TEST(PromptLookup, NeedsTwoTokensThatStoodBefore) {
  EXPECT_THAT(GuessAfter({1, 2, 3, 9, 2}), IsEmpty());
  EXPECT_THAT(GuessAfter({1, 2, 3}), IsEmpty());
  EXPECT_THAT(GuessAfter({}), IsEmpty());
}

TEST(PromptLookup, PrefersTheLongestMatchThenTheLatest) {
  EXPECT_THAT(GuessAfter({7, 1, 2, 30, 8, 1, 2, 40, 7, 1, 2}, 1), ElementsAre(30));
  EXPECT_THAT(GuessAfter({1, 2, 30, 1, 2, 40, 1, 2}, 1), ElementsAre(40));
}

TEST(PromptLookup, GoesOnWithAPeriodPastTheEnd) {
  EXPECT_THAT(GuessAfter({9, 4, 5, 4, 5}, 5), ElementsAre(4, 5, 4, 5, 4));
  EXPECT_THAT(GuessAfter({6, 6, 6}, 2), ElementsAre(6, 6));
}

TEST(PromptLookup, GuessesNothingWhenItIsOff) {
  PromptLookup lookup;
  lookup.Begin(0);
  lookup.Guess(Tokens{6, 6, 6, 6}, 5);
  EXPECT_THAT(lookup.guess(), IsEmpty());
}

TEST(PromptLookup, GuessesLessAfterWrongGuessesThenPausesAndComesBack) {
  PromptLookup lookup;
  lookup.Begin(4);
  std::vector<size_t> sizes;
  for (int step = 0; step < 40; ++step) {
    lookup.Guess(Tokens{6, 6, 6, 6}, 100);
    sizes.push_back(lookup.guess().size());
    lookup.Learn(0);
  }
  EXPECT_THAT(std::vector<size_t>(sizes.begin(), sizes.begin() + 4), ElementsAre(4, 2, 1, 0));
  EXPECT_EQ(3, std::count_if(sizes.begin(), sizes.begin() + 27, [](size_t size) { return size > 0; }));
  EXPECT_EQ(1u, sizes[27]);
}

TEST(PromptLookup, GuessesMoreAfterRightGuesses) {
  PromptLookup lookup;
  lookup.Begin(7);
  const Tokens tokens = {6, 6, 6, 6};
  for (int wrong = 0; wrong < 2; ++wrong) {
    lookup.Guess(tokens, 100);
    lookup.Learn(0);
  }
  lookup.Guess(tokens, 100);
  EXPECT_EQ(1u, lookup.guess().size());
  lookup.Learn(1);
  lookup.Guess(tokens, 100);
  EXPECT_EQ(3u, lookup.guess().size());
  lookup.Learn(3);
  lookup.Guess(tokens, 100);
  EXPECT_EQ(7u, lookup.guess().size());
}

}  // namespace
}  // namespace sterna::engine
