// SPDX-License-Identifier: Apache-2.0
//
// Ternary products for few tokens, where reading the weights takes the time: eight lanes share a weight row and read
// neighbouring 16 bytes of it, 64 columns, which meet each of the block's tokens.
#pragma once

#include "gpu/dialect/dialect.h"
#include "gpu/kernels/ternary_args.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kRowLanes = 8;
STERNA_CONSTANT uint32_t kCodeMask = 0x03030303;

STERNA_DEVICE uint32_t TernaryRowOf(const Thread self) {
  return self.block_x * kTernaryRowsPerBlock + self.index / kRowLanes;
}

STERNA_DEVICE float ScaledTernary(STERNA_ARGS(TernaryArgs) args, int32_t sum, uint32_t token, uint32_t row) {
  const float y = float(sum) * (args.scale / args.scales[token]);
  return args.row_scales == nullptr ? y : y * args.row_scales[row];
}

// sum += codes of 16 bytes of a row times the values that belong to them; `values` is where the first of them meets.
STERNA_DEVICE int32_t ChunkDot(int32_t sum, const Words4 codes, const STERNA_GLOBAL int8_t* values) {
  STERNA_UNROLL
  for (uint32_t s = 0; s < 4; ++s) {
    const Words4 q = Load16(values + 32 * s);
    STERNA_UNROLL
    for (uint32_t i = 0; i < 4; ++i) sum = Dot4(sum, (codes.word[i] >> (6 - 2 * s)) & kCodeMask, q.word[i]);
  }
  return sum;
}

template <uint32_t kTokens>
STERNA_DEVICE void MultiplyRows(STERNA_ARGS(TernaryArgs) args, const Thread self) {
  const uint32_t row = TernaryRowOf(self), part = self.lane % kRowLanes, first = self.block_y * kTokens;
  // Past the end the last row or token is computed again and not written.
  const uint32_t read_row = row < args.rows ? row : args.rows - 1;
  const STERNA_GLOBAL uint8_t* const codes = args.codes + uint64_t(read_row) * args.blocks * kTernaryBlockStored;
  const STERNA_GLOBAL int8_t* values[kTokens];
  int32_t sums[kTokens];
  STERNA_UNROLL
  for (uint32_t t = 0; t < kTokens; ++t) {
    const uint32_t token = first + t < args.tokens ? first + t : args.tokens - 1;
    values[t] = args.values + uint64_t(token) * args.stride;
    sums[t] = 0;
  }
  for (uint32_t chunk = part; chunk < 2 * args.blocks; chunk += kRowLanes) {
    const Words4 chunk_codes = Load16(codes + 16 * chunk);
    const uint32_t column = chunk / 2 * kTernaryBlock + chunk % 2 * 16;
    STERNA_UNROLL
    for (uint32_t t = 0; t < kTokens; ++t) sums[t] = ChunkDot(sums[t], chunk_codes, values[t] + column);
  }
  STERNA_UNROLL
  for (uint32_t t = 0; t < kTokens; ++t) {
    STERNA_UNROLL
    for (uint32_t mask = kRowLanes / 2; mask > 0; mask /= 2) sums[t] += ShuffleXor(self, sums[t], mask);
    const uint32_t token = first + t;
    if (part == t && row < args.rows && token < args.tokens) {
      // Codes are 0, 1, 2 for -1, 0, 1.
      args.out[uint64_t(token) * args.out_stride + row] = ScaledTernary(args, sums[t] - args.sums[token], token, row);
    }
  }
}

STERNA_KERNEL(TernaryRows1, TernaryArgs, kTernaryThreads) { MultiplyRows<1>(args, self); }
STERNA_KERNEL(TernaryRows2, TernaryArgs, kTernaryThreads) { MultiplyRows<2>(args, self); }
STERNA_KERNEL(TernaryRows4, TernaryArgs, kTernaryThreads) { MultiplyRows<4>(args, self); }
STERNA_KERNEL(TernaryRows8, TernaryArgs, kTernaryThreads) { MultiplyRows<8>(args, self); }

// A scale for each 256 columns: out = a / s with a = fma(float(sum over group g), group_scale[r][g], a), g in order.
STERNA_KERNEL(TernaryGroups, TernaryArgs, kTernaryThreads) {
  const uint32_t row = TernaryRowOf(self), part = self.lane % kRowLanes, token = self.block_y;
  const uint32_t read_row = row < args.rows ? row : args.rows - 1, groups = args.blocks / 2;
  const STERNA_GLOBAL uint8_t* const codes = args.codes + uint64_t(read_row) * args.blocks * kTernaryBlockStored;
  const STERNA_GLOBAL int8_t* const values = args.values + uint64_t(token) * args.stride;
  float a = 0.0f;
  for (uint32_t group = 0; group < groups; ++group) {
    // A lane takes 8 of the group's 64 bytes: two words, 32 columns.
    const uint32_t byte = 64 * group + 8 * part, block = byte / kTernaryBlockStored;
    const STERNA_GLOBAL int8_t* const q = values + block * kTernaryBlock + byte % kTernaryBlockStored;
    int32_t sum = 0;
    STERNA_UNROLL
    for (uint32_t i = 0; i < 2; ++i) {
      const uint32_t word = *reinterpret_cast<const STERNA_GLOBAL uint32_t*>(codes + byte + 4 * i);
      STERNA_UNROLL
      for (uint32_t s = 0; s < 4; ++s) {
        const uint32_t four = *reinterpret_cast<const STERNA_GLOBAL uint32_t*>(q + 32 * s + 4 * i);
        sum = Dot4(sum, (word >> (6 - 2 * s)) & kCodeMask, four) - Dot4(0, 0x01010101, four);
      }
    }
    STERNA_UNROLL
    for (uint32_t mask = kRowLanes / 2; mask > 0; mask /= 2) sum += ShuffleXor(self, sum, mask);
    a = Fma(float(sum), args.group_scales[uint64_t(read_row) * groups + group], a);
  }
  if (part == 0 && row < args.rows) args.out[uint64_t(token) * args.out_stride + row] = a / args.scales[token];
}

}  // namespace gpu
}  // namespace sterna
