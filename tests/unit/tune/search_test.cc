// SPDX-License-Identifier: Apache-2.0
#include "tune/search.h"

#include <gmock/gmock.h>

namespace sterna::tune {
namespace {

using ::testing::ElementsAre;

const Space kSpace = {{"wide", "narrow"}, {1, 2, 4, 8}, {1, 2, 4, 8}, {1, 2, 4, 8}};
const Choice kStart = {"wide", 4, 4, 4};

Outcome Find(const std::function<Speed(const Choice&)>& speed_of, const Space& space = kSpace) {
  const auto outcome = Search(space, kStart, [&](const Choice& choice) -> Result<Speed> { return speed_of(choice); });
  EXPECT_TRUE(outcome.ok());
  return outcome.ok() ? *outcome : Outcome{};
}

TEST(Search, FindsTheBestOfEachSetting) {
  const Outcome outcome = Find([](const Choice& c) {
    const double kernels = c.kernels == "narrow" ? 2 : 1;
    return Speed{kernels * c.prefill_threads * 100 + 10 * c.chunk_tiles, kernels * (c.threads == 2 ? 50 : 10)};
  });
  EXPECT_EQ(outcome.best, (Choice{"narrow", 2, 8, 8}));
  EXPECT_EQ(outcome.start, kStart);
  EXPECT_EQ(outcome.start_speed.generation, 10);
  EXPECT_EQ(outcome.best_speed.generation, 100);
  EXPECT_EQ(outcome.best_speed.prompt, 1680);
}

TEST(Search, NoiseChangesNothing) {
  int calls = 0;
  const Outcome outcome = Find([&](const Choice&) {
    ++calls;
    return Speed{100.0 + calls % 2, 10 + 0.1 * (calls % 2)};
  });
  EXPECT_EQ(outcome.best, kStart);
  EXPECT_EQ(outcome.best_speed.prompt, outcome.start_speed.prompt);
}

TEST(Search, WhatDoesNotHoldAsAWholeIsDropped) {
  const double speeds[] = {100, 200, 99};  // at the start, with two threads, and with two threads once more
  size_t calls = 0;
  const Outcome outcome = Find(
      [&](const Choice&) {
        const double speed = speeds[calls++];
        return Speed{speed, speed};
      },
      {{"wide"}, {2, 4}, {4}, {4}});
  EXPECT_EQ(calls, 3u);
  EXPECT_EQ(outcome.best, kStart);
  EXPECT_EQ(outcome.best_speed.generation, 100);
}

TEST(Search, TriesOnlyWhatIsLeftToIt) {
  const Outcome outcome = Find(
      [](const Choice& c) {
        EXPECT_EQ(c.kernels, "wide");
        EXPECT_EQ(c.threads, 4u);
        EXPECT_EQ(c.chunk_tiles, 4u);
        return Speed{100.0 * c.prefill_threads, 10};
      },
      {{"wide"}, {4}, {1, 8}, {4}});
  EXPECT_EQ(outcome.best, (Choice{"wide", 4, 8, 4}));
}

TEST(Search, EndsWithTheFirstError) {
  const auto outcome =
      Search(kSpace, kStart, [](const Choice&) -> Result<Speed> { return Status::Cancelled("interrupted"); });
  EXPECT_EQ(outcome.status().code(), StatusCode::kCancelled);
}

TEST(ThreadCounts, PowersOfTwoThenAll) {
  EXPECT_THAT(ThreadCounts(1, 1), ElementsAre(1));
  EXPECT_THAT(ThreadCounts(6, 12), ElementsAre(1, 2, 4, 6, 12));
  EXPECT_THAT(ThreadCounts(8, 8), ElementsAre(1, 2, 4, 8));
}

}  // namespace
}  // namespace sterna::tune
