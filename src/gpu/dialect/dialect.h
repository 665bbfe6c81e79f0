// SPDX-License-Identifier: Apache-2.0
//
// The language that GPU kernels are written in: C++14 without a library, and the names below. One text is accepted by
// nvcc (cuda.h), by Metal's compiler (metal.h) and by a host compiler, which runs it on fibres (emulated.h).
//
//   STERNA_KERNEL(Name, Args, threads) { ... }
//     A kernel of blocks of `threads` threads (a multiple of 32). In its body `args` is the launch's Args, a plain
//     struct of pointers and numbers, and `self` is a Thread: block_x, block_y, index in the block, lane, warp, and
//     `shared`, the block's memory: at a multiple of 16 bytes, as large as the launch says, holding anything.
//   STERNA_DEVICE
//     Stands before every function that kernels call.
//   STERNA_GLOBAL, STERNA_SHARED, STERNA_LOCAL
//     Where what a pointer or a reference means lies: one of them stands in front of every pointee.
//   STERNA_CONSTANT
//     Stands before the type of a constant outside of functions.
//   STERNA_ARGS(Args)
//     The type of `args`, for functions that take it.
//   STERNA_UNROLL
//     Stands before a loop of a constant number of rounds.
//
// Collectives: all threads of the block (Barrier), or all 32 of a warp (the others), call them at the same place.
//
//   Barrier(self)
//     What any thread of the block wrote before it, all may read after it.
//   ShuffleXor(self, value, mask)
//     The value of lane (lane ^ mask); float, int32_t or uint32_t. The mask is the same for all lanes.
//   ShuffleFrom(self, value, lane)
//     The value (uint32_t) of that lane, which each chooses for itself.
//   MultiplyTile(self, c, a, b)
//     c += a * b: int8 fragments of 16 x 32 and 32 x 8, int32 of 16 x 8. With g = lane / 4 and p = lane % 4,
//       byte i of a.word[0], [1]    is a[g][4 p + i], a[g + 8][4 p + i],
//       byte i of a.word[2], [3]    is a[g][16 + 4 p + i], a[g + 8][16 + 4 p + i],
//       byte i of b.word[0], [1]    is b[4 p + i][g], b[16 + 4 p + i][g],
//       and c.sum[0], [1], [2], [3] is c[g][2 p], c[g][2 p + 1], c[g + 8][2 p], c[g + 8][2 p + 1].
//
// Copies that end later: 16 bytes, both sides at multiples of 16.
//
//   CopyLater(self, to, from, valid)
//     Global to shared memory; zeros, and no read, when not valid.
//   CommitCopies(self)
//     Those since the last commit are a group.
//   WaitCopies<n>(self)
//     All groups of this thread but the last n have landed; a Barrier shows them to others.
//
// Numbers: Load16 (16 bytes at a multiple of 16), Dot4 (sum + four products of int8 pairs), Fma, Sqrt (both rounded
// once), RoundHalfEven, Magnitude, FloatOf and BitsOf (the same bits), HalfToFloat, FloatToHalf (to nearest even). No
// compiler may fuse a product and a sum that are written apart, nor flush small numbers to zero.
#pragma once

#if defined(__CUDACC__)
#include "gpu/dialect/cuda.h"
#elif defined(__METAL_VERSION__)
#include "gpu/dialect/metal.h"
#else
#include "gpu/dialect/emulated.h"
#endif

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kWarpThreads = 32;

STERNA_DEVICE int32_t WarpSum(const Thread self, int32_t value) {
  STERNA_UNROLL
  for (uint32_t mask = kWarpThreads / 2; mask > 0; mask /= 2) value += ShuffleXor(self, value, mask);
  return value;
}

// NaN does not count.
STERNA_DEVICE float WarpMax(const Thread self, float value) {
  STERNA_UNROLL
  for (uint32_t mask = kWarpThreads / 2; mask > 0; mask /= 2) {
    const float other = ShuffleXor(self, value, mask);
    value = other > value ? other : value;
  }
  return value;
}

// MultiplyTile where no unit does it: lanes hand each other their fragments.
STERNA_DEVICE void MultiplyTileByShuffles(const Thread self, STERNA_LOCAL TileC& c, const STERNA_LOCAL TileA& a,
                                          const STERNA_LOCAL TileB& b) {
  const uint32_t g = self.lane / 4, p = self.lane % 4;
  STERNA_UNROLL
  for (uint32_t k = 0; k < 8; ++k) {  // four of the 32 at a time
    STERNA_UNROLL
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t x = ShuffleFrom(self, a.word[i / 2 + k / 4 * 2], 4 * g + k % 4);
      const uint32_t y = ShuffleFrom(self, b.word[k / 4], (2 * p + i % 2) * 4 + k % 4);
      c.sum[i] = Dot4(c.sum[i], x, y);
    }
  }
}

}  // namespace gpu
}  // namespace sterna
