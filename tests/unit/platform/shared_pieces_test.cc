// SPDX-License-Identifier: Apache-2.0
#include "platform/shared_pieces.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sterna::platform {
namespace {

// What `worker` gets when nobody else takes anything, up to `most` pieces.
std::vector<size_t> Taken(SharedPieces& pieces, size_t worker, size_t most = SIZE_MAX) {
  std::vector<size_t> taken;
  for (size_t piece; taken.size() < most && pieces.Take(worker, &piece);) taken.push_back(piece);
  return taken;
}

TEST(SharedPieces, GiveEachWorkerARunOfNeighboursFirst) {
  SharedPieces pieces(3);
  pieces.Share(10, 3);
  EXPECT_EQ((std::vector<size_t>{0, 1, 2}), Taken(pieces, 0, 3));
  EXPECT_EQ((std::vector<size_t>{3, 4, 5}), Taken(pieces, 1, 3));
  EXPECT_EQ((std::vector<size_t>{6, 7, 8, 9}), Taken(pieces, 2, 4));
}

TEST(SharedPieces, MoveTheLaterHalfOfARunToAWorkerThatHasNone) {
  SharedPieces pieces(2);
  pieces.Share(8, 2);
  EXPECT_EQ((std::vector<size_t>{4, 5, 6, 7, 2, 3}), Taken(pieces, 1, 6));
  EXPECT_EQ((std::vector<size_t>{0, 1}), Taken(pieces, 0));
}

TEST(SharedPieces, LeaveNothingToAWorkerThatLostItsCore) {
  SharedPieces pieces(4);
  pieces.Share(101, 4);
  EXPECT_EQ(101u, Taken(pieces, 2).size());
  for (const size_t worker : {0, 1, 3}) EXPECT_TRUE(Taken(pieces, worker).empty());
}

TEST(SharedPieces, ShareAmongFewerWorkersThanThereAre) {
  SharedPieces pieces(4);
  pieces.Share(2, 2);
  EXPECT_EQ((std::vector<size_t>{0, 1}), Taken(pieces, 0));
  pieces.Share(3, 1);
  EXPECT_EQ((std::vector<size_t>{0, 1, 2}), Taken(pieces, 0));
}

// Workers that take at once, one of them only now and then, so that its run is halved again and again.
TEST(SharedPieces, AreTakenOnceByManyAtOnce) {
  constexpr size_t kWorkers = 4, kPieces = 3000;
  SharedPieces pieces(kWorkers);
  for (size_t loop = 0; loop < 50; ++loop) {
    std::vector<std::atomic<int>> takers(kPieces);
    pieces.Share(kPieces, kWorkers);
    std::vector<std::thread> threads;
    for (size_t worker = 0; worker < kWorkers; ++worker) {
      threads.emplace_back([&, worker] {
        for (size_t piece; pieces.Take(worker, &piece);) {
          ++takers[piece];
          if (worker == loop % kWorkers) std::this_thread::yield();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t piece = 0; piece < kPieces; ++piece) ASSERT_EQ(1, takers[piece]) << piece;
  }
}

}  // namespace
}  // namespace sterna::platform
