// SPDX-License-Identifier: Apache-2.0
//
// The language that GPU kernels are written in: C++14 without a library, and the names below. One text is accepted by
// nvcc (cuda.h), by Metal's compiler (metal.h) and by a host compiler, which runs it on fibres (emulated.h).
//
//   STERNA_KERNEL(Name, Args, threads) { ... }   a kernel of blocks of `threads` threads (a multiple of 32); in its
//   body
//                                   `args` is the launch's Args, a plain struct of pointers and numbers, and `self` is
//                                   a Thread: block_x, block_y, index in the block, lane, warp, and `shared`, the
//                                   block's memory, at a multiple of 16 bytes, as large as the launch says, holding
//                                   anything
//   STERNA_DEVICE                   stands before every function that kernels call
//   STERNA_GLOBAL, STERNA_SHARED, STERNA_LOCAL   where what a pointer or a reference means lies: one of them stands in
//                                   front of every pointee
//   STERNA_ARGS(Args)               the type of `args`, for functions that take it
//   STERNA_UNROLL                   stands before a loop of a constant number of rounds
//
// Collectives: all threads of the block (Barrier), or all 32 of a warp, call them at the same place.
//   Barrier(self)                   what any thread of the block wrote before it, all may read after it
//   ShuffleXor(self, value, mask)   the value of lane (lane ^ mask); float, int32_t or uint32_t
//   MultiplyTile(self, c, a, b)     c += a * b, int8 fragments of 16 x 32 and 32 x 8, int32 of 16 x 8: with g = lane /
//   4
//                                   and p = lane % 4, byte i of
//                                     a.word[0 .. 3]   is a[g, g + 8, g, g + 8][4 p + i, ditto, 16 + 4 p + i, ditto]
//                                     b.word[0 .. 1]   is b[4 p + i, 16 + 4 p + i][g]
//                                   and c.sum[0 .. 3] is c[g, g, g + 8, g + 8][2 p, 2 p + 1, 2 p, 2 p + 1]
//
// Copies that end later: 16 bytes, both sides at multiples of 16.
//   CopyLater(self, to, from, valid)   global to shared memory; zeros, and no read, when not valid
//   CommitCopies(self)              those since the last commit are a group
//   WaitCopies<n>(self)             all groups of this thread but the last n have landed; a Barrier shows them to
//   others
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

}  // namespace gpu
}  // namespace sterna
