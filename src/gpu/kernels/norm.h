// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/kernels/block_reduce.h"
#include "gpu/kernels/row_args.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kNormThreads = 128;
STERNA_CONSTANT uint32_t kSumLanes = 16;

// Each warp adds up the squares for itself, in 16 chains by index modulo 16 as the scalar kernel does: a chain cannot
// be cut, and its length, not the number of warps, is what takes time.
STERNA_DEVICE float SumOfSquares(const Thread self, const STERNA_GLOBAL float* x, uint32_t count) {
  float sum = 0.0f;
  for (uint32_t i = self.lane % kSumLanes; i < count; i += kSumLanes) sum = Fma(x[i], x[i], sum);
  return TreeSum(self, sum);
}

STERNA_KERNEL(RmsNorm, RmsNormArgs, kNormThreads) {
  const uint64_t run = uint64_t(self.block_x) * args.count;
  const STERNA_GLOBAL float* const x = args.in + uint64_t(self.block_y) * args.in_stride + run;
  STERNA_GLOBAL float* const y = args.out + uint64_t(self.block_y) * args.out_stride + run;
  const float mean = SumOfSquares(self, x, args.count) / float(args.count);
  const float r = 1.0f / Sqrt(mean + args.eps);
  Barrier(self);  // y may be x
  for (uint32_t i = self.index; i < args.count; i += kNormThreads) y[i] = (x[i] * r) * args.gain[i];
}

}  // namespace gpu
}  // namespace sterna
