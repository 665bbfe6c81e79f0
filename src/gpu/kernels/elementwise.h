// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/kernels/elementwise_args.h"
#include "gpu/kernels/exp.h"

namespace sterna {
namespace gpu {

STERNA_DEVICE float Relu2(float g) { return g > 0.0f ? g * g : 0.0f; }
STERNA_DEVICE float Silu(float g) { return g / (1.0f + Exp(-g)); }
// As its tanh approximation has it: 2 sqrt(2 / pi), and that times 0.044715.
STERNA_DEVICE float Gelu(float g) {
  const float tilt = g * Fma(g * g, 0.0713548163f, 1.5957691216f);
  return g / (1.0f + Exp(-tilt));
}

STERNA_DEVICE uint32_t ColumnOf(const Thread self) { return self.block_x * kElementThreads + self.index; }

STERNA_KERNEL(Add, PairArgs, kElementThreads) {
  const uint32_t i = ColumnOf(self);
  if (i >= args.count) return;
  STERNA_GLOBAL float* const x = args.x + uint64_t(self.block_y) * args.x_stride + i;
  *x = *x + args.y[uint64_t(self.block_y) * args.y_stride + i];
}

STERNA_KERNEL(GateRelu2, PairArgs, kElementThreads) {
  const uint32_t i = ColumnOf(self);
  if (i >= args.count) return;
  STERNA_GLOBAL float* const x = args.x + uint64_t(self.block_y) * args.x_stride + i;
  // +0 whatever y holds, infinity and NaN included.
  *x = *x > 0.0f ? Relu2(*x) * args.y[uint64_t(self.block_y) * args.y_stride + i] : 0.0f;
}

STERNA_KERNEL(GateSilu, PairArgs, kElementThreads) {
  const uint32_t i = ColumnOf(self);
  if (i >= args.count) return;
  STERNA_GLOBAL float* const x = args.x + uint64_t(self.block_y) * args.x_stride + i;
  *x = Silu(*x) * args.y[uint64_t(self.block_y) * args.y_stride + i];
}

STERNA_KERNEL(GateGelu, PairArgs, kElementThreads) {
  const uint32_t i = ColumnOf(self);
  if (i >= args.count) return;
  STERNA_GLOBAL float* const x = args.x + uint64_t(self.block_y) * args.x_stride + i;
  *x = Gelu(*x) * args.y[uint64_t(self.block_y) * args.y_stride + i];
}

STERNA_KERNEL(Rope, RopeArgs, kElementThreads) {
  const uint32_t half = args.rotary / 2, number = ColumnOf(self);
  if (number >= args.heads * half) return;
  const uint32_t head = number / half, i = number % half;
  STERNA_GLOBAL float* const x = args.x + uint64_t(self.block_y) * args.stride + head * args.head_dim;
  const STERNA_GLOBAL float* const angles = args.table + uint64_t(args.positions[self.block_y]) * args.rotary;
  const uint32_t first = args.pairs != 0 ? 2 * i : i, second = args.pairs != 0 ? 2 * i + 1 : i + half;
  const float a = x[first], b = x[second], cosine = angles[i], sine = angles[half + i];
  x[first] = (a * cosine) - (b * sine);
  x[second] = (b * cosine) + (a * sine);
}

}  // namespace gpu
}  // namespace sterna
