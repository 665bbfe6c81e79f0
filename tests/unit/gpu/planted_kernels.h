// SPDX-License-Identifier: Apache-2.0
//
// A kernel that does everything that can go wrong, right, and copies of it with one mistake each.
#pragma once

#include "gpu/kernels/block_reduce.h"

namespace sterna::gpu {

enum class Mistake : uint8_t {
  kNone,
  kNoBarrier,         // after the copies have landed
  kWaitsTooWeakly,    // one group of copies too few
  kWrongStage,        // copies into the stage that is being read
  kBarrierInBranch,   // half of the block does not come
  kShuffleInBranch,   // half of the warp shuffles elsewhere
  kMasksDiffer,       // lanes shuffle with different masks
  kPastSharedMemory,  // one thread too far
  kReadsBeforeWrite,  // shared memory that nobody has written
};

// out[block][thread] = sum over `rounds` of the 4 words that thread ^ 33 of the block copied in the round, plus its
// lane neighbour's. Shared memory: kPlantedBytes.
struct PlantedArgs {
  const uint32_t* in;  // [blocks][rounds][threads][4]
  uint32_t* out;
  uint32_t rounds;
};

constexpr uint32_t kPlantedThreads = 64, kPlantedStages = 2;
constexpr uint32_t kPlantedStageBytes = kPlantedThreads * 16;
constexpr uint32_t kPlantedBytes = kPlantedStages * kPlantedStageBytes;

template <Mistake kMistake>
uint32_t NeighboursSum(const Thread self, uint32_t sum) {
  if constexpr (kMistake == Mistake::kShuffleInBranch) {
    return self.lane < 16 ? sum + ShuffleXor(self, sum, 1) :  //
               sum + ShuffleXor(self, sum, 1);
  }
  const uint32_t mask = kMistake == Mistake::kMasksDiffer && self.lane == 5 ? 2 : 1;
  return sum + ShuffleXor(self, sum, mask);
}

template <Mistake kMistake>
void Planted(const PlantedArgs& args, const Thread self) {
  const uint32_t* const in = args.in + uint64_t(self.block_x) * args.rounds * kPlantedThreads * 4;
  const auto fetch = [&](uint32_t round) {
    const uint32_t stage = (round + (kMistake == Mistake::kWrongStage ? 1 : 0)) % kPlantedStages;
    const uint32_t far = kMistake == Mistake::kPastSharedMemory && self.index == 63 && stage == 1 ? 16 : 0;
    if (round < args.rounds) {
      CopyLater(self, self.shared + stage * kPlantedStageBytes + self.index * 16 + far,
                in + (round * kPlantedThreads + self.index) * 4, true);
    }
    CommitCopies(self);
  };
  if (kMistake != Mistake::kReadsBeforeWrite) fetch(0);
  uint32_t sum = 0;
  for (uint32_t round = 0; round < args.rounds; ++round) {
    WaitCopies<kMistake == Mistake::kWaitsTooWeakly ? 1 : 0>(self);
    if (kMistake != Mistake::kNoBarrier && (kMistake != Mistake::kBarrierInBranch || self.index < 32)) Barrier(self);
    if (kMistake != Mistake::kWrongStage) fetch(round + 1);
    const Words4 words = Load16(self.shared + round % kPlantedStages * kPlantedStageBytes + (self.index ^ 33) * 16);
    sum += words.word[0] + words.word[1] + words.word[2] + words.word[3];
    sum = NeighboursSum<kMistake>(self, sum);
    if (kMistake == Mistake::kWrongStage) fetch(round + 1);
  }
  args.out[self.block_x * kPlantedThreads + self.index] = sum;
}

#define STERNA_PLANTED(name) \
  STERNA_KERNEL(Planted##name, PlantedArgs, kPlantedThreads) { Planted<Mistake::k##name>(args, self); }
STERNA_PLANTED(None)
STERNA_PLANTED(NoBarrier)
STERNA_PLANTED(WaitsTooWeakly)
STERNA_PLANTED(WrongStage)
STERNA_PLANTED(BarrierInBranch)
STERNA_PLANTED(ShuffleInBranch)
STERNA_PLANTED(MasksDiffer)
STERNA_PLANTED(PastSharedMemory)
STERNA_PLANTED(ReadsBeforeWrite)
#undef STERNA_PLANTED

}  // namespace sterna::gpu
