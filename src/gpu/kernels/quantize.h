// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/kernels/block_reduce.h"
#include "gpu/kernels/row_args.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kQuantizeThreads = 128;
STERNA_CONSTANT uint32_t kQuantizeSharedBytes = kReduceBytes;

// NaN gives 0.
STERNA_DEVICE int32_t Int8Of(float scaled) {
  const float rounded = RoundHalfEven(scaled);
  if (!(rounded >= -128.0f)) return rounded < -128.0f ? -128 : 0;
  return rounded > 127.0f ? 127 : int32_t(rounded);
}

// A thread makes four neighbouring values at a time, one word.
STERNA_KERNEL(Quantize, QuantizeArgs, kQuantizeThreads) {
  const uint32_t row = self.block_x, warps = kQuantizeThreads / kWarpThreads;
  const STERNA_GLOBAL float* const x = args.in + uint64_t(row) * args.in_stride;
  STERNA_GLOBAL uint32_t* const words =
      reinterpret_cast<STERNA_GLOBAL uint32_t*>(args.values + uint64_t(row) * args.values_stride);
  float largest = 1e-5f;
  for (uint32_t i = self.index; i < args.count; i += kQuantizeThreads) {
    const float magnitude = Magnitude(x[i]);
    largest = magnitude > largest ? magnitude : largest;
  }
  const float scale =
      127.0f / BlockMax(self, reinterpret_cast<STERNA_SHARED float*>(self.shared), warps, largest, 0.0f);
  int32_t sum = 0;
  for (uint32_t word = self.index; word < args.values_stride / 4; word += kQuantizeThreads) {
    uint32_t packed = 0;
    STERNA_UNROLL
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t column = 4 * word + i;
      const int32_t value = column < args.count ? Int8Of(x[column] * scale) : 0;
      sum += value;
      packed |= (uint32_t(value) & 0xff) << (8 * i);
    }
    words[word] = packed;
  }
  sum = BlockSum(self, reinterpret_cast<STERNA_SHARED int32_t*>(self.shared), warps, sum);
  if (self.index == 0) {
    args.scales[row] = scale;
    args.sums[row] = sum;
  }
}

}  // namespace gpu
}  // namespace sterna
