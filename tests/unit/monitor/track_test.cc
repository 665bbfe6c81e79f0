// SPDX-License-Identifier: Apache-2.0
#include "monitor/track.h"

#include <gtest/gtest.h>

#include "unit/monitor/hand_clock.h"
#include "unit/platform/allocation_counter.h"

namespace sterna::monitor {
namespace {

TEST(Track, SpansNestAndLastAsLongAsTheClockSays) {
  HandClock clock;
  Track track("engine", clock, 16);
  track.Begin("outer");
  clock.Move(10);
  track.Begin("inner");
  clock.Move(5);
  EXPECT_EQ(track.End({.bytes = 7, .layer = 3}), 5);
  clock.Move(1);
  EXPECT_EQ(track.End(), 16);

  ASSERT_EQ(track.size(), 2u);
  const SpanEvent& inner = track.event(0);
  const SpanEvent& outer = track.event(1);
  EXPECT_EQ(inner.name, "inner");
  EXPECT_EQ(inner.depth, 1u);
  EXPECT_EQ(inner.facts.bytes, 7u);
  EXPECT_EQ(inner.facts.layer, 3);
  EXPECT_EQ(outer.name, "outer");
  EXPECT_EQ(outer.depth, 0u);
  EXPECT_LE(outer.start_ns, inner.start_ns);
  EXPECT_GE(outer.end_ns, inner.end_ns);
}

TEST(Track, EndingWhatDidNotBeginIsNothing) {
  const HandClock clock;
  Track track("engine", clock, 16);
  EXPECT_EQ(track.End(), std::nullopt);
  EXPECT_EQ(track.size(), 0u);
}

TEST(Track, WhatDoesNotFitIsCounted) {
  const HandClock clock;
  Track track("engine", clock, 3);
  for (int i = 0; i < 5; ++i) const Span span(&track, "step");
  EXPECT_EQ(track.size(), 3u);
  EXPECT_EQ(track.dropped(), 2u);
}

TEST(Track, SpansTooDeepAreCountedAndTheRestStaysRight) {
  HandClock clock;
  Track track("engine", clock, 1000);
  for (uint32_t i = 0; i < Track::kMaxDepth + 2; ++i) track.Begin("deep");
  clock.Move(1);
  for (uint32_t i = 0; i < Track::kMaxDepth + 2; ++i) EXPECT_TRUE(track.End().has_value());
  EXPECT_EQ(track.End(), std::nullopt);
  EXPECT_EQ(track.size(), size_t{Track::kMaxDepth});
  EXPECT_EQ(track.dropped(), 2u);
}

TEST(Track, AddedSpansLieInsideTheOpenOnes) {
  const HandClock clock;
  Track track("engine", clock, 16);
  track.Begin("forward");
  track.Add("head", 3, 9);
  track.End();
  EXPECT_EQ(track.event(0).depth, 1u);
  EXPECT_EQ(track.event(0).end_ns, 9);
}

TEST(Track, NamesAreKeptOnceAndAreBounded) {
  const HandClock clock;
  Track track("program", clock, 16);
  std::string name = "tokenize";
  const std::string_view kept = track.Intern(name);
  name = "overwritten";
  EXPECT_EQ(kept, "tokenize");
  EXPECT_EQ(track.Intern("tokenize").data(), kept.data());
  for (size_t i = 1; i < Track::kMaxNames; ++i) track.Intern(std::to_string(i));
  EXPECT_EQ(track.Intern("one too many"), "(other)");
  EXPECT_EQ(track.Intern("tokenize").data(), kept.data());
}

TEST(Track, RecordingAllocatesNothing) {
  Track track("engine", SteadyClock(), 100);
  track.Intern("known");
  const size_t before = testing_support::AllocationCount();
  for (int i = 0; i < 200; ++i) {
    const Span outer(&track, "outer");
    const Span inner(&track, track.Intern("known"));
  }
  EXPECT_EQ(testing_support::AllocationCount(), before);
}

TEST(Span, WithoutATrackDoesNothing) {
  Span span(nullptr, "step");
  span.facts().rows = 1;
}

}  // namespace
}  // namespace sterna::monitor
