// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/dialect/dialect.h"
#include "gpu/kernels/dense_args.h"

namespace sterna {
namespace gpu {

struct Best {
  float value;
  uint32_t index;
};

STERNA_DEVICE Best BetterOf(const Best a, const Best b) {
  const bool second = b.value > a.value || (b.value == a.value && b.index < a.index);
  return second ? b : a;
}

STERNA_DEVICE Best WarpBest(const Thread self, Best best) {
  STERNA_UNROLL
  for (uint32_t mask = kWarpThreads / 2; mask > 0; mask /= 2) {
    const Best other = {ShuffleXor(self, best.value, mask), ShuffleXor(self, best.index, mask)};
    best = BetterOf(best, other);
  }
  return best;
}

STERNA_KERNEL(Largest, LargestArgs, kLargestThreads) {
  const STERNA_GLOBAL float* const logits = args.logits + uint64_t(self.block_x) * args.stride;
  STERNA_SHARED float* const values = reinterpret_cast<STERNA_SHARED float*>(self.shared);
  STERNA_SHARED uint32_t* const indices = reinterpret_cast<STERNA_SHARED uint32_t*>(self.shared + 128);
  const Best none = {FloatOf(0xff800000u), 0xffffffffu};
  Best best = none;
  for (uint32_t i = self.index; i < args.count; i += kLargestThreads) {
    const Best own = {logits[i], i};
    best = BetterOf(best, own);
  }
  best = WarpBest(self, best);
  if (self.lane == 0) {
    values[self.warp] = best.value;
    indices[self.warp] = best.index;
  }
  Barrier(self);
  const bool warp_has_one = self.lane < kLargestThreads / kWarpThreads;
  const Best of_warp = {warp_has_one ? values[self.lane] : none.value, warp_has_one ? indices[self.lane] : none.index};
  best = WarpBest(self, of_warp);
  if (self.index == 0) args.largest[self.block_x] = best.index < args.count ? best.index : 0;
}

}  // namespace gpu
}  // namespace sterna
