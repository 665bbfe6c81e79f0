// SPDX-License-Identifier: Apache-2.0
#include "memory/stream_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace sterna::memory {
namespace {

using ::testing::ElementsAre;

// Slots that hold the number of the part that lies in them, and what was loaded in which order.
class Stream {
 public:
  explicit Stream(StreamWindow::Options options)
      : contents_(options.slots),
        window_(StreamWindow::Create(options, [this](size_t part, size_t slot) { return Load(part, slot); }).value()) {}

  StreamWindow& window() { return *window_; }
  const std::vector<size_t>& loads() const { return loads_; }  // of a window that reads nothing now
  void Stop() { window_.reset(); }
  void FailOn(size_t part) { failing_ = part; }

  // Every part of a pass, whose contents are checked.
  void RunPass(size_t parts) {
    window_->BeginPass(parts);
    for (size_t part = 0; part < parts; ++part) {
      const Result<size_t> slot = window_->Acquire(part);
      ASSERT_TRUE(slot.ok()) << slot.status().ToString();
      ASSERT_EQ(contents_[*slot], part);
    }
    window_->EndPass();
  }

 private:
  Result<uint64_t> Load(size_t part, size_t slot) {
    if (part == failing_) return Status::Corrupt("part is gone");
    contents_[slot] = part;
    loads_.push_back(part);
    return uint64_t{100};
  }

  std::vector<size_t> contents_, loads_;
  std::atomic<size_t> failing_{SIZE_MAX};
  std::unique_ptr<StreamWindow> window_;  // last: its thread uses the rest
};

TEST(StreamWindow, BringsEveryPartOfEveryPass) {
  for (const size_t slots : {2u, 3u, 6u, 7u, 9u}) {
    for (const auto policy :
         {EvictionPolicy::kFarthestNext, EvictionPolicy::kLru, EvictionPolicy::kLfu, EvictionPolicy::kFifo}) {
      for (const auto preload : {PreloadStrategy::kNone, PreloadStrategy::kSequential, PreloadStrategy::kPredictive}) {
        Stream stream({.parts = 7, .slots = slots, .eviction = policy, .preload = preload});
        for (int pass = 0; pass < 20; ++pass) stream.RunPass(pass % 3 == 0 ? 7 : 5);
        const StreamCounters counters = stream.window().counters();
        EXPECT_EQ(counters.hits + counters.misses, 7u * 7 + 13u * 5);
        EXPECT_GE(counters.loads, counters.misses);
      }
    }
  }
}

TEST(StreamWindow, LoadsOnceWhatAllFits) {
  Stream stream({.parts = 4, .slots = 4});
  for (int pass = 0; pass < 5; ++pass) stream.RunPass(4);
  const StreamCounters counters = stream.window().counters();
  EXPECT_EQ(counters.loads, 4u);
  EXPECT_EQ(counters.evictions, 0u);
  EXPECT_EQ(counters.bytes_read, 400u);
  EXPECT_GE(counters.hits, 16u);
}

TEST(StreamWindow, WithoutPreloadLoadsWhatIsAskedForInThePolicysOrder) {
  Stream lru({.parts = 4, .slots = 3, .eviction = EvictionPolicy::kLru, .preload = PreloadStrategy::kNone});
  for (int pass = 0; pass < 2; ++pass) lru.RunPass(4);
  EXPECT_THAT(lru.loads(), ElementsAre(0, 1, 2, 3, 0, 1, 2, 3));  // what goes is always what comes next
  EXPECT_EQ(lru.window().counters().misses, 8u);
  EXPECT_EQ(lru.window().counters().hits, 0u);

  Stream farthest({.parts = 4, .slots = 3, .preload = PreloadStrategy::kNone});
  for (int pass = 0; pass < 2; ++pass) farthest.RunPass(4);
  EXPECT_THAT(farthest.loads(), ElementsAre(0, 1, 2, 3, 2));  // 2 went for 3; 1 or 3 goes for 2
  EXPECT_EQ(farthest.window().counters().hits, 3u);
  EXPECT_EQ(farthest.window().counters().evictions, 2u);
}

TEST(StreamWindow, PredictiveLeavesOutWhatThePassDoesNotUse) {
  Stream stream({.parts = 6, .slots = 2});
  for (int pass = 0; pass < 10; ++pass) stream.RunPass(3);
  stream.Stop();
  for (const size_t part : stream.loads()) EXPECT_LT(part, 3u);
}

TEST(StreamWindow, ReportsAFailedLoadToWhoAsksForItAndTriesAgain) {
  Stream stream({.parts = 5, .slots = 2});
  stream.FailOn(3);
  stream.window().BeginPass(5);
  for (size_t part = 0; part < 3; ++part) ASSERT_TRUE(stream.window().Acquire(part).ok());
  const Result<size_t> failed = stream.window().Acquire(3);
  EXPECT_EQ(failed.status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(failed.status().message(), "part is gone");
  stream.FailOn(SIZE_MAX);
  stream.RunPass(5);
}

TEST(StreamWindow, CountsTheTimeThatTheCallerWaits) {
  Stream stream({.parts = 2, .slots = 2, .preload = PreloadStrategy::kNone});
  stream.RunPass(2);
  EXPECT_GT(stream.window().counters().stall_ns, 0u);
}

TEST(StreamWindow, EndsWhileItReadsAhead) {
  for (int i = 0; i < 50; ++i) {
    Stream stream({.parts = 8, .slots = 4});
    ASSERT_TRUE(stream.window().Acquire(0).ok());
  }
}

TEST(StreamWindow, GivesSlotsBackAndTakesThemAgain) {
  Stream stream({.parts = 6, .slots = 6});
  stream.RunPass(6);
  std::vector<size_t> given_back;
  const auto note = [&](size_t slot) { given_back.push_back(slot); };
  stream.window().LimitSlots(0, note);
  EXPECT_EQ(given_back.size(), 4u) << "two slots at least stay";
  const uint64_t loads = stream.window().counters().loads;
  for (int pass = 0; pass < 3; ++pass) stream.RunPass(6);
  EXPECT_GT(stream.window().counters().loads, loads + 9);
  stream.window().LimitSlots(6, note);
  EXPECT_EQ(given_back.size(), 4u);
  for (int pass = 0; pass < 3; ++pass) stream.RunPass(6);
  const uint64_t full = stream.window().counters().loads;
  stream.RunPass(6);
  EXPECT_EQ(stream.window().counters().loads, full);
}

TEST(StreamWindow, RefusesASingleSlotForSeveralParts) {
  const auto load = [](size_t, size_t) { return Result<uint64_t>(0); };
  EXPECT_EQ(StreamWindow::Create({.parts = 3, .slots = 1}, load).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(StreamWindow::Create({.parts = 0, .slots = 2}, load).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(StreamWindow::Create({.parts = 1, .slots = 1}, load).ok());
}

}  // namespace
}  // namespace sterna::memory
