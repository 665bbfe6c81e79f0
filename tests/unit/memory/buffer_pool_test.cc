// SPDX-License-Identifier: Apache-2.0
#include "memory/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace sterna::memory {
namespace {

constexpr uint64_t kMega = 1 << 20;

std::unique_ptr<BufferPool> Make(const PoolConfig& config) { return BufferPool::Create(config).value(); }

TEST(BufferPool, HasItsInitialMemoryAtOnceAndKeepsIt) {
  const auto pool = Make({.initial_bytes = 4 * kMega, .commit_initial = true});
  EXPECT_EQ(4 * kMega, pool->use().reserved_bytes);
  pool->Tidy();
  EXPECT_EQ(4 * kMega, pool->use().reserved_bytes);
  EXPECT_EQ(StatusCode::kInvalidArgument, BufferPool::Create({.initial_bytes = 2, .max_bytes = 1}).status().code());
}

TEST(BufferPool, GrowsByDoublingByNeedOrNotAtAll) {
  const auto reserved_after = [](PoolGrowth growth) {
    const auto pool = Make({.initial_bytes = kMega, .chunk_bytes = kMega, .growth = growth});
    for (int i = 0; i < 8; ++i) {
      try {
        static_cast<void>(pool->allocate(kMega / 2 + 1));
      } catch (const std::bad_alloc&) {
      }
    }
    return pool->use().reserved_bytes / kMega;
  };
  EXPECT_EQ(1u + 1 + 2 + 4, reserved_after(PoolGrowth::kDoubling));
  EXPECT_EQ(8u, reserved_after(PoolGrowth::kByNeed));
  EXPECT_EQ(1u, reserved_after(PoolGrowth::kNever));
}

TEST(BufferPool, StaysUsableWhenItIsFull) {
  const auto pool = Make({.max_bytes = kMega, .chunk_bytes = kMega});
  void* const held = pool->allocate(kMega / 2);
  EXPECT_THROW(static_cast<void>(pool->allocate(kMega)), std::bad_alloc);
  pool->deallocate(held, kMega / 2);
  EXPECT_NO_THROW(pool->deallocate(pool->allocate(kMega), kMega));
  EXPECT_LE(pool->use().reserved_bytes, kMega);
}

TEST(BufferPool, AlignsEveryBlock) {
  for (const size_t alignment : {16u, 64u, 4096u}) {
    const auto pool = Make({.alignment = alignment});
    for (const size_t bytes : {1u, 100u, 5000u}) {
      EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(pool->allocate(bytes)) % alignment);
      EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(pool->allocate(bytes, 8192)) % 8192);
    }
  }
}

TEST(BufferPool, LearnsTheSizesThatComeAgain) {
  const auto pool = Make({.strategy = PoolStrategy::kLearned});
  for (int i = 0; i < 10; ++i) pool->deallocate(pool->allocate(5000), 5000);
  EXPECT_EQ(8u, pool->counters().reused);  // all but the first two
  const auto best_fit = Make({.strategy = PoolStrategy::kBestFit});
  for (int i = 0; i < 10; ++i) best_fit->deallocate(best_fit->allocate(5000), 5000);
  EXPECT_EQ(0u, best_fit->counters().reused);
  const auto unlearned = Make({.strategy = PoolStrategy::kLearned, .learning = false});
  for (int i = 0; i < 10; ++i) unlearned->deallocate(unlearned->allocate(5000), 5000);
  EXPECT_EQ(0u, unlearned->counters().reused);
}

TEST(BufferPool, ServesGivenSizesWithWholeBlocks) {
  const auto pool = Make({.strategy = PoolStrategy::kGivenSizes, .sizes = {4096, 16384}});
  void* const block = pool->allocate(5000);
  EXPECT_EQ(16384u, pool->use().used_bytes);
  pool->deallocate(block, 5000);
  EXPECT_EQ(block, pool->allocate(16000));
  EXPECT_EQ(1u, pool->counters().reused);
}

TEST(BufferPool, KeepsMoreOfASizeWhileItsRequestsFindNone) {
  const auto kept_after = [](double target) {
    const auto pool = Make({.strategy = PoolStrategy::kGivenSizes, .sizes = {4096}, .reuse_target = target});
    for (int round = 0; round < 3; ++round) {
      std::vector<void*> blocks;
      for (int i = 0; i < 16; ++i) blocks.push_back(pool->allocate(4096));
      for (void* const block : blocks) pool->deallocate(block, 4096);
    }
    return pool->counters().reused;
  };
  EXPECT_EQ(32u, kept_after(0.9));
  EXPECT_EQ(2u, kept_after(0));
}

TEST(BufferPool, GivesEmptyChunksBack) {
  const auto pool = Make({.chunk_bytes = kMega, .growth = PoolGrowth::kByNeed});
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(pool->allocate(kMega - 64));
  EXPECT_EQ(4u, pool->counters().chunks_taken);
  for (size_t i = 1; i < 4; ++i) pool->deallocate(blocks[i], kMega - 64);
  EXPECT_EQ(4 * kMega, pool->use().reserved_bytes);
  pool->Tidy();
  EXPECT_EQ(kMega, pool->use().reserved_bytes);
  EXPECT_EQ(3u, pool->counters().chunks_returned);
}

TEST(BufferPool, TidiesAtItsInterval) {
  using std::chrono::seconds;
  const auto begin = std::chrono::steady_clock::now();
  const auto pool = Make({.chunk_bytes = kMega, .tidy_interval = seconds(300)});
  pool->deallocate(pool->allocate(1000), 1000);
  pool->TidyWhenDue(begin + seconds(299));
  EXPECT_EQ(kMega, pool->use().reserved_bytes);
  pool->TidyWhenDue(begin + seconds(301));
  EXPECT_EQ(0u, pool->use().reserved_bytes);
}

TEST(BufferPool, LargeBlocksGoBackAtOnce) {
  const auto pool = Make({.chunk_bytes = kMega, .large_bytes = 2 * kMega});
  void* const large = pool->allocate(4 * kMega);
  EXPECT_EQ(4 * kMega, pool->use().reserved_bytes);
  pool->deallocate(large, 4 * kMega);
  EXPECT_EQ(0u, pool->use().reserved_bytes);
}

TEST(BufferPool, RemembersWhatIsInUseWhenTold) {
  const auto silent = Make({});
  static_cast<void>(silent->allocate(10));
  EXPECT_TRUE(silent->records().empty());
  const auto pool = Make({.tracking = true});
  void* const first = pool->allocate(10);
  static_cast<void>(pool->allocate(20));
  pool->deallocate(first, 10);
  ASSERT_EQ(1u, pool->records().size());
  EXPECT_EQ(20u, pool->records()[0].bytes);
  EXPECT_EQ(2u, pool->records()[0].order);
}

// One trace, three strategies: free memory in how large a piece, and how many requests a kept block served.
TEST(BufferPool, StrategiesDifferOnOneTrace) {
  const auto run = [](PoolStrategy strategy) {
    const auto pool =
        Make({.initial_bytes = 16 * kMega, .growth = PoolGrowth::kNever, .strategy = strategy, .sizes = {4096, 65536}});
    std::mt19937 random(3);
    std::vector<std::pair<void*, size_t>> held;
    for (int i = 0; i < 2000; ++i) {
      if (held.size() < 40 || random() % 2 == 0) {
        const size_t bytes = 1000 * (1 + random() % 60);
        held.emplace_back(pool->allocate(bytes), bytes);
        std::memset(held.back().first, 1, bytes);
      } else {
        std::swap(held[random() % held.size()], held.back());
        pool->deallocate(held.back().first, held.back().second);
        held.pop_back();
      }
    }
    struct Figures {
      double fragmentation, reuse;
    };
    const BufferPool::Counters counters = pool->counters();
    return Figures{pool->use().Fragmentation(), double(counters.reused) / double(counters.requests)};
  };
  const auto learned = run(PoolStrategy::kLearned), given = run(PoolStrategy::kGivenSizes),
             best_fit = run(PoolStrategy::kBestFit);
  EXPECT_EQ(0, best_fit.reuse);
  EXPECT_GT(given.reuse, learned.reuse);
  EXPECT_GT(learned.reuse, 0.3);
  EXPECT_NE(best_fit.fragmentation, learned.fragmentation);
  EXPECT_NE(best_fit.fragmentation, given.fragmentation);
}

TEST(BufferPool, ServesManyThreads) {
  const auto pool = Make({.chunk_bytes = kMega, .tracking = true});
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&pool, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 500; ++i) {
        const size_t bytes = 1 + random() % 20000;
        auto* const block = static_cast<unsigned char*>(pool->allocate(bytes));
        block[0] = block[bytes - 1] = static_cast<unsigned char>(seed);
        EXPECT_EQ(seed, block[0]);
        pool->deallocate(block, bytes);
        if (i % 100 == 0) pool->Tidy();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0u, pool->use().used_bytes);
  EXPECT_TRUE(pool->records().empty());
}

}  // namespace
}  // namespace sterna::memory
