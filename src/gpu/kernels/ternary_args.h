// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/dialect/address_spaces.h"

namespace sterna {
namespace gpu {

// Rows of int8 activations times rows of ternary weights, the layouts of kernels/table.h:
// out[t][r] = float(sum over k of (code[r][k] - 1) * q[t][k]) * (scale / s[t]), times row_scales[r] where there are
// some.
struct TernaryArgs {
  const STERNA_GLOBAL uint8_t* codes;       // [rows][blocks] of 32 bytes
  const STERNA_GLOBAL int8_t* values;       // [tokens], stride apart
  const STERNA_GLOBAL float* scales;        // [tokens] s
  const STERNA_GLOBAL int32_t* sums;        // [tokens] sum of a row's values
  const STERNA_GLOBAL float* row_scales;    // [rows], or null
  const STERNA_GLOBAL float* group_scales;  // [rows][blocks / 2]: TernaryGroups alone
  STERNA_GLOBAL float* out;
  uint32_t rows, blocks, tokens;
  uint32_t stride;      // bytes between activations
  uint32_t out_stride;  // floats
  float scale;
};

STERNA_CONSTANT uint32_t kTernaryBlock = 128;       // columns
STERNA_CONSTANT uint32_t kTernaryBlockStored = 32;  // bytes

// TernaryRows<n> (n tokens a block): grid (weight rows / kTernaryRowsPerBlock, tokens / n), both rounded up, and no
// shared memory. TernaryGroups: the same with n = 1.
STERNA_CONSTANT uint32_t kTernaryThreads = 128;
STERNA_CONSTANT uint32_t kTernaryRowsPerBlock = 16;

// TernaryTile<n> (n stages of shared memory): grid (weight rows / kTileRows, tokens / kTileTokens), both rounded up;
// shared memory n * kTileStageBytes.
STERNA_CONSTANT uint32_t kTileThreads = 128;
STERNA_CONSTANT uint32_t kTileTokens = 64;
STERNA_CONSTANT uint32_t kTileRows = 64;
// Rows of shared memory are apart by an odd number of 16 bytes, so that eight of them lie in different banks.
STERNA_CONSTANT uint32_t kTileValuesStride = kTernaryBlock + 16;
STERNA_CONSTANT uint32_t kTileCodesStride = kTernaryBlockStored + 16;
STERNA_CONSTANT uint32_t kTileStageBytes = kTileTokens * kTileValuesStride + kTileRows * kTileCodesStride;

}  // namespace gpu
}  // namespace sterna
