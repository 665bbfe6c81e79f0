// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/dialect/address_spaces.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kDenseThreads = 128;
STERNA_CONSTANT uint32_t kDenseRowsPerBlock = 8;

// DenseF32, DenseF16, DenseBF16, DenseQ8_0: out[t][r] = sum over k of w[r][k] * x[t][k], of stored numbers as they are
// in a file. Grid: (weight rows / kDenseRowsPerBlock rounded up, tokens).
struct DenseArgs {
  const STERNA_GLOBAL uint8_t* stored;  // [rows], row_bytes apart
  const STERNA_GLOBAL float* x;
  STERNA_GLOBAL float* out;
  uint64_t row_bytes;
  uint32_t rows, columns;
  uint32_t x_stride, out_stride;  // floats
};

// EmbedF32, EmbedF16, EmbedBF16, EmbedQ8_0: out[row] = factor * the token's row. Grid: (columns / kDenseThreads rounded
// up, rows of the step).
struct EmbedArgs {
  const STERNA_GLOBAL uint8_t* stored;
  const STERNA_GLOBAL int32_t* tokens;  // [rows of the step], below the number of stored rows
  STERNA_GLOBAL float* out;
  uint64_t row_bytes;
  uint32_t columns;
  uint32_t out_stride;  // floats
  float factor;
};

// Largest: of each row of logits the index of the largest, the first of equal ones; NaN does not count, and a row of
// nothing else gives 0. Grid: rows.
STERNA_CONSTANT uint32_t kLargestThreads = 256;
STERNA_CONSTANT uint32_t kLargestSharedBytes = 2 * 128;
struct LargestArgs {
  const STERNA_GLOBAL float* logits;
  STERNA_GLOBAL uint32_t* largest;  // [rows]
  uint32_t stride;                  // floats
  uint32_t count;
};

}  // namespace gpu
}  // namespace sterna
