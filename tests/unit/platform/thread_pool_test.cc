// SPDX-License-Identifier: Apache-2.0
#include "platform/thread_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "allocation_counter.h"

namespace sterna::platform {
namespace {

class ThreadPoolOf : public testing::TestWithParam<uint32_t> {
 protected:
  ThreadPoolOf() : pool_(std::move(*ThreadPool::Create(GetParam()))) {}
  std::unique_ptr<ThreadPool> pool_;
};

TEST_P(ThreadPoolOf, RunsEveryPieceOnce) {
  for (const size_t piece_count : {0, 1, 2, 3, 64, 1000}) {
    std::vector<std::atomic<int>> runs(piece_count);
    pool_->ParallelFor(piece_count, [&](size_t piece, uint32_t) { ++runs[piece]; });
    for (const auto& count : runs) EXPECT_EQ(1, count);
  }
}

TEST_P(ThreadPoolOf, NumbersWorkersBelowTheThreadCountAndNeverTwoAtATime) {
  std::vector<std::atomic<int>> busy(pool_->thread_count());
  std::atomic<int> clashes = 0;
  pool_->ParallelFor(2000, [&](size_t, uint32_t worker) {
    if (busy.at(worker).exchange(1) != 0) ++clashes;
    busy[worker] = 0;
  });
  EXPECT_EQ(0, clashes);
}

// Tiny loops one after the other: a worker that wakes late must not touch a loop that is over. The body lives in a
// stack frame that is gone by then, and the plain (not atomic) sums let the thread sanitizer see any such touch.
TEST_P(ThreadPoolOf, KeepsManyTinyLoopsApart) {
  for (size_t loop = 0; loop < 20000; ++loop) {
    std::array<size_t, 5> slots{};
    const size_t piece_count = loop % 6;
    pool_->ParallelFor(piece_count, [&slots, loop](size_t piece, uint32_t) { slots[piece] += loop + piece + 1; });
    for (size_t piece = 0; piece < slots.size(); ++piece) {
      ASSERT_EQ(piece < piece_count ? loop + piece + 1 : 0, slots[piece]);
    }
  }
}

TEST_P(ThreadPoolOf, MakesResultsOfOneLoopVisibleToTheNext) {
  constexpr size_t kCells = 64;
  std::array<uint64_t, kCells> cells{}, next{};
  for (int step = 0; step < 500; ++step) {
    pool_->ParallelFor(kCells, [&](size_t i, uint32_t) { next[i] = cells[(i + 1) % kCells] + i; });
    pool_->ParallelFor(kCells, [&](size_t i, uint32_t) { cells[i] = next[i]; });
  }
  // Every cell has collected 500 consecutive indexes modulo 64.
  for (size_t i = 0; i < kCells; ++i) {
    uint64_t expected = 0;
    for (size_t step = 0; step < 500; ++step) expected += (i + step) % kCells;
    EXPECT_EQ(expected, cells[i]);
  }
}

TEST_P(ThreadPoolOf, AllocatesNothingInALoop) {
  std::atomic<uint64_t> sum = 0;
  pool_->ParallelFor(100, [&](size_t piece, uint32_t) { sum += piece; });
  const size_t before = testing_support::AllocationCount();
  for (int loop = 0; loop < 100; ++loop) pool_->ParallelFor(100, [&](size_t piece, uint32_t) { sum += piece; });
  EXPECT_EQ(before, testing_support::AllocationCount());
  EXPECT_GT(before, 0u);
  EXPECT_EQ(101u * 4950u, sum);
}

TEST_P(ThreadPoolOf, TakesAConstBody) {
  std::atomic<size_t> count = 0;
  const auto body = [&count](size_t, uint32_t) { ++count; };
  pool_->ParallelFor(10, body);
  EXPECT_EQ(10u, count);
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolOf, testing::Values(1, 2, 3, 7));

TEST(ThreadPool, RefusesThreadCountsOutsideItsRange) {
  for (const uint32_t count : {0u, ThreadPool::kMaxThreads + 1}) {
    EXPECT_EQ(StatusCode::kInvalidArgument, ThreadPool::Create(count).status().code());
  }
}

TEST(ThreadPool, StopsWithoutHavingWorked) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(4u, (*ThreadPool::Create(4))->thread_count());
}

// Each piece waits for a second worker, so that both that may come do come; a third would be seen.
TEST(ThreadPool, ALimitedLoopIsSharedByTheFirstWorkersAndNoOthers) {
  auto pool = std::move(*ThreadPool::Create(4));
  for (int loop = 0; loop < 200; ++loop) {
    std::array<std::atomic<bool>, 4> seen{};
    pool->ParallelFor(
        64,
        [&](size_t, uint32_t worker) {
          seen.at(worker) = true;
          while (!(seen[0] && seen[1])) std::this_thread::yield();
        },
        2);
    EXPECT_TRUE(seen[0] && seen[1]);
    EXPECT_FALSE(seen[2] || seen[3]);
  }
}

TEST(ThreadPool, ALoopLimitedToOneWorkerStaysOnTheCallersThread) {
  auto pool = std::move(*ThreadPool::Create(3));
  const std::thread::id caller = std::this_thread::get_id();
  pool->ParallelFor(
      1000,
      [caller](size_t, uint32_t worker) {
        EXPECT_EQ(0u, worker);
        EXPECT_EQ(caller, std::this_thread::get_id());
      },
      1);
}

// Loops of changing width one after the other: a worker that sat out some must still come when called again.
TEST(ThreadPool, WorkersThatSleptThroughLoopsComeBack) {
  auto pool = std::move(*ThreadPool::Create(4));
  for (uint32_t loop = 0; loop < 2000; ++loop) {
    const uint32_t limit = 1 + loop % 4;
    std::atomic<uint32_t> arrived = 0;
    pool->ParallelFor(
        limit,
        [&](size_t, uint32_t) {
          ++arrived;
          while (arrived < limit && limit > 1) std::this_thread::yield();
        },
        limit);
    ASSERT_EQ(limit, arrived);
  }
}

// While worker 1 holds one piece, the others must finish all the rest.
TEST(ThreadPool, LetsOthersTakeThePiecesOfABusyWorker) {
  auto pool = std::move(*ThreadPool::Create(2));
  std::atomic<size_t> done = 0;
  pool->ParallelFor(100, [&](size_t piece, uint32_t) {
    if (piece == 0) {
      while (done < 99) std::this_thread::yield();
    }
    ++done;
  });
  EXPECT_EQ(100u, done);
}

}  // namespace
}  // namespace sterna::platform
