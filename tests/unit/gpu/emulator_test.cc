// SPDX-License-Identifier: Apache-2.0
//
// The emulator runs a right kernel right in every order, and notices what is wrong with the others.
#include "gpu/emulator/emulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "gpu/dialect/dialect.h"
#include "support/kernel_harness.h"
#include "unit/gpu/planted_kernels.h"

namespace sterna::gpu {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr uint32_t kBlocks = 3, kRounds = 5;
constexpr uint64_t kSeeds = 20;

struct Outcome {
  Status status;
  bool right = false;
};

std::vector<uint32_t> Expected(const std::vector<uint32_t>& in) {
  std::vector<uint32_t> out(size_t{kBlocks} * kPlantedThreads);
  for (uint32_t block = 0; block < kBlocks; ++block) {
    std::vector<uint32_t> sums(kPlantedThreads);
    for (uint32_t round = 0; round < kRounds; ++round) {
      for (uint32_t i = 0; i < kPlantedThreads; ++i) {
        for (uint32_t word = 0; word < 4; ++word) {
          sums[i] += in[((size_t{block} * kRounds + round) * kPlantedThreads + (i ^ 33)) * 4 + word];
        }
      }
      const std::vector<uint32_t> before = sums;
      for (uint32_t i = 0; i < kPlantedThreads; ++i) sums[i] += before[i ^ 1];
    }
    for (uint32_t i = 0; i < kPlantedThreads; ++i) out[block * kPlantedThreads + i] = sums[i];
  }
  return out;
}

Outcome RunPlanted(const EmulatedKernel& kernel, uint64_t seed) {
  test::Random random(7);
  std::vector<uint32_t> in(size_t{kBlocks} * kRounds * kPlantedThreads * 4);
  for (uint32_t& word : in) word = uint32_t(random.Bits());
  std::vector<uint32_t> out(size_t{kBlocks} * kPlantedThreads);
  const PlantedArgs args = {in.data(), out.data(), kRounds};
  Emulator emulator(seed);
  Status status = emulator.Run(kernel, {.x = kBlocks}, kPlantedBytes, &args);
  return {std::move(status), out == Expected(in)};
}

// Seeds of 0 .. 19 with which the kernel gives the right result.
uint64_t SeedsThatAreRight(const EmulatedKernel& kernel) {
  uint64_t right = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) right += RunPlanted(kernel, seed).right ? 1 : 0;
  return right;
}

TEST(Emulator, RunsARightKernelRightInEveryOrder) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Outcome outcome = RunPlanted(kPlantedNone, seed);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.ToString();
    EXPECT_TRUE(outcome.right) << "seed " << seed;
  }
}

TEST(Emulator, AMissingBarrierShows) { EXPECT_EQ(SeedsThatAreRight(kPlantedNoBarrier), 0u); }
TEST(Emulator, AWaitForTooFewCopiesShows) { EXPECT_EQ(SeedsThatAreRight(kPlantedWaitsTooWeakly), 0u); }
TEST(Emulator, CopiesIntoTheWrongStageShow) { EXPECT_EQ(SeedsThatAreRight(kPlantedWrongStage), 0u); }
TEST(Emulator, SharedMemoryHoldsRubbishAtFirst) { EXPECT_EQ(SeedsThatAreRight(kPlantedReadsBeforeWrite), 0u); }

TEST(Emulator, ABarrierThatNotAllReachIsReportedWithThreadAndLine) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Status status = RunPlanted(kPlantedBarrierInBranch, seed).status;
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(status.message(), MatchesRegex("PlantedBarrierInBranch, block \\([0-2], 0\\): "
                                               "stuck: thread [0-9]+ waits in the barrier at "
                                               "planted_kernels.h:[0-9]+ while thread [0-9]+ has ended"));
  }
}

TEST(Emulator, LanesThatCallDifferentCollectivesAreReported) {
  for (const EmulatedKernel* kernel : {&kPlantedShuffleInBranch, &kPlantedMasksDiffer}) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Status status = RunPlanted(*kernel, seed).status;
      EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
      EXPECT_THAT(status.message(),
                  MatchesRegex("Planted[A-Za-z]+, block \\([0-2], 0\\): thread [0-9]+ waits in the shuffle at "
                               "planted_kernels.h:[0-9]+ while thread [0-9]+ waits in the shuffle at .*"));
    }
  }
}

TEST(Emulator, AWritePastTheSharedMemoryIsReported) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_THAT(RunPlanted(kPlantedPastSharedMemory, seed).status.message(),
                HasSubstr("writes past its 2048 bytes of shared memory"));
  }
}

TEST(Emulator, WorksOnAfterAReport) {
  std::vector<uint32_t> in(size_t{kBlocks} * kRounds * kPlantedThreads * 4, 1), out(size_t{kBlocks} * kPlantedThreads);
  const PlantedArgs args = {in.data(), out.data(), kRounds};
  Emulator emulator(1);
  EXPECT_FALSE(emulator.Run(kPlantedBarrierInBranch, {.x = kBlocks}, kPlantedBytes, &args).ok());
  EXPECT_TRUE(emulator.Run(kPlantedNone, {.x = kBlocks}, kPlantedBytes, &args).ok());
  EXPECT_EQ(out, Expected(in));
}

// One warp: c = a b by both ways, from a [16][32] and b [32][8] as matrices.
struct TileArgs {
  const int8_t* a;
  const int8_t* b;
  int32_t* by_unit;  // [16][8]
  int32_t* by_shuffles;
};

STERNA_KERNEL(MultiplyBothWays, TileArgs, 32) {
  const uint32_t g = self.lane / 4, p = self.lane % 4;
  TileA a = {};
  TileB b = {};
  for (uint32_t word = 0; word < 4; ++word) {
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t k = word / 2 * 16 + 4 * p + i;
      a.word[word] |= uint32_t(uint8_t(args.a[(g + word % 2 * 8) * 32 + k])) << (8 * i);
      if (word % 2 == 0) b.word[word / 2] |= uint32_t(uint8_t(args.b[k * 8 + g])) << (8 * i);
    }
  }
  TileC unit = {}, shuffles = {};
  MultiplyTile(self, unit, a, b);
  MultiplyTileByShuffles(self, shuffles, a, b);
  for (uint32_t i = 0; i < 4; ++i) {
    const uint32_t at = (g + i / 2 * 8) * 8 + 2 * p + i % 2;
    args.by_unit[at] = unit.sum[i];
    args.by_shuffles[at] = shuffles.sum[i];
  }
}

TEST(Emulator, TileProductsAreMatrixProductsBothWays) {
  test::Random random(9);
  std::vector<int8_t> a(16 * 32), b(32 * 8);
  for (int8_t& value : a) value = int8_t(random.Bits());
  for (int8_t& value : b) value = int8_t(random.Bits());
  std::vector<int32_t> expected(16 * 8), by_unit(16 * 8), by_shuffles(16 * 8);
  for (uint32_t at = 0; at < 16 * 8; ++at) {
    for (uint32_t k = 0; k < 32; ++k) expected[at] += a[at / 8 * 32 + k] * b[k * 8 + at % 8];
  }
  const TileArgs args = {a.data(), b.data(), by_unit.data(), by_shuffles.data()};
  const Status status = Emulator(3).Run(kMultiplyBothWays, {}, 0, &args);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(by_unit, expected);
  EXPECT_EQ(by_shuffles, expected);
}

TEST(Emulator, RefusesWhatNoGpuLaunches) {
  Emulator emulator;
  const PlantedArgs args = {};
  EXPECT_EQ(emulator.Run(kPlantedNone, {.x = 0}, 0, &args).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(emulator.Run(kPlantedNone, {.x = 1, .y = 65536}, 0, &args).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(emulator.Run(kPlantedNone, {}, Emulator::kMaxSharedBytes + 1, &args).code(), StatusCode::kInvalidArgument);
  const EmulatedKernel odd = {"Odd", 48, 0, nullptr}, large = {"Large", 1056, 0, nullptr};
  EXPECT_EQ(emulator.Run(odd, {}, 0, &args).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(emulator.Run(large, {}, 0, &args).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sterna::gpu
