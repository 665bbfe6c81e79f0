// SPDX-License-Identifier: Apache-2.0
//
// Matrices of stored numbers: heads, embeddings, linear layers that are not ternary.
#pragma once

#include "gpu/kernels/block_reduce.h"
#include "gpu/kernels/dense_args.h"

namespace sterna {
namespace gpu {

STERNA_DEVICE uint16_t StoredHalf(const STERNA_GLOBAL uint8_t* at) {
  return *reinterpret_cast<const STERNA_GLOBAL uint16_t*>(at);
}

// Number i of a row, decoded exactly.
struct StoredF32 {
  STERNA_DEVICE float At(const STERNA_GLOBAL uint8_t* row, uint32_t i) {
    return *reinterpret_cast<const STERNA_GLOBAL float*>(row + 4 * uint64_t(i));
  }
};
struct StoredF16 {
  STERNA_DEVICE float At(const STERNA_GLOBAL uint8_t* row, uint32_t i) {
    return HalfToFloat(StoredHalf(row + 2 * uint64_t(i)));
  }
};
struct StoredBF16 {
  STERNA_DEVICE float At(const STERNA_GLOBAL uint8_t* row, uint32_t i) {
    return FloatOf(uint32_t(StoredHalf(row + 2 * uint64_t(i))) << 16);
  }
};
// Blocks of 32: a scale in half precision, then signed bytes.
struct StoredQ8_0 {
  STERNA_DEVICE float At(const STERNA_GLOBAL uint8_t* row, uint32_t i) {
    const STERNA_GLOBAL uint8_t* const block = row + uint64_t(i / 32) * 34;
    return HalfToFloat(StoredHalf(block)) * float(int8_t(block[2 + i % 32]));
  }
};

// Half a warp takes a row: a chain in each lane, as the scalar kernel has them.
template <class Stored>
STERNA_DEVICE void MultiplyDense(STERNA_ARGS(DenseArgs) args, const Thread self) {
  const uint32_t row = self.block_x * kDenseRowsPerBlock + self.index / 16;
  const STERNA_GLOBAL uint8_t* const stored = args.stored + (row < args.rows ? row : args.rows - 1) * args.row_bytes;
  const STERNA_GLOBAL float* const x = args.x + uint64_t(self.block_y) * args.x_stride;
  float sum = 0.0f;
  for (uint32_t i = self.lane % 16; i < args.columns; i += 16) sum = Fma(Stored::At(stored, i), x[i], sum);
  sum = TreeSum(self, sum);
  if (self.lane % 16 == 0 && row < args.rows) args.out[uint64_t(self.block_y) * args.out_stride + row] = sum;
}

template <class Stored>
STERNA_DEVICE void EmbedRow(STERNA_ARGS(EmbedArgs) args, const Thread self) {
  const uint32_t i = self.block_x * kDenseThreads + self.index;
  if (i >= args.columns) return;
  const STERNA_GLOBAL uint8_t* const stored = args.stored + uint64_t(args.tokens[self.block_y]) * args.row_bytes;
  args.out[uint64_t(self.block_y) * args.out_stride + i] = Stored::At(stored, i) * args.factor;
}

STERNA_KERNEL(DenseF32, DenseArgs, kDenseThreads) { MultiplyDense<StoredF32>(args, self); }
STERNA_KERNEL(DenseF16, DenseArgs, kDenseThreads) { MultiplyDense<StoredF16>(args, self); }
STERNA_KERNEL(DenseBF16, DenseArgs, kDenseThreads) { MultiplyDense<StoredBF16>(args, self); }
STERNA_KERNEL(DenseQ8_0, DenseArgs, kDenseThreads) { MultiplyDense<StoredQ8_0>(args, self); }
STERNA_KERNEL(EmbedF32, EmbedArgs, kDenseThreads) { EmbedRow<StoredF32>(args, self); }
STERNA_KERNEL(EmbedF16, EmbedArgs, kDenseThreads) { EmbedRow<StoredF16>(args, self); }
STERNA_KERNEL(EmbedBF16, EmbedArgs, kDenseThreads) { EmbedRow<StoredBF16>(args, self); }
STERNA_KERNEL(EmbedQ8_0, EmbedArgs, kDenseThreads) { EmbedRow<StoredQ8_0>(args, self); }

}  // namespace gpu
}  // namespace sterna
