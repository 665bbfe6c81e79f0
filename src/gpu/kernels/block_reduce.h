// SPDX-License-Identifier: Apache-2.0
//
// One number from all threads of a block, known to all of them afterwards. Shared memory: kReduceBytes at `scratch`.
#pragma once

#include "gpu/dialect/dialect.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kReduceBytes = 128;  // a number for each of up to 32 warps

template <class Value>
STERNA_DEVICE Value WarpResult(const Thread self, STERNA_SHARED Value* scratch, uint32_t warps, Value mine,
                               Value none) {
  if (self.lane == 0) scratch[self.warp] = mine;
  Barrier(self);
  const Value value = self.lane < warps ? scratch[self.lane] : none;
  Barrier(self);  // the scratch may be used again
  return value;
}

// Integers: any order gives the same.
STERNA_DEVICE int32_t BlockSum(const Thread self, STERNA_SHARED int32_t* scratch, uint32_t warps, int32_t value) {
  return WarpSum(self, WarpResult(self, scratch, warps, WarpSum(self, value), 0));
}

// NaN does not count; `none`: no number is smaller.
STERNA_DEVICE float BlockMax(const Thread self, STERNA_SHARED float* scratch, uint32_t warps, float value, float none) {
  return WarpMax(self, WarpResult(self, scratch, warps, WarpMax(self, value), none));
}

// The sum of the 16 numbers that lanes 0 .. 15 (and again 16 .. 31) hold, in the order of the scalar kernels' tree:
// lane[i] + lane[i + 8], then 4, 2, 1. A sum of two does not depend on their order, so all lanes get the same bits.
STERNA_DEVICE float TreeSum(const Thread self, float value) {
  STERNA_UNROLL
  for (uint32_t mask = 8; mask > 0; mask /= 2) value = value + ShuffleXor(self, value, mask);
  return value;
}

}  // namespace gpu
}  // namespace sterna
