// SPDX-License-Identifier: Apache-2.0
//
// Ternary products for many tokens: a block makes a tile of 64 tokens x 64 weight rows out of int8 tile products, over
// 128 columns at a time, which copies bring ahead into `kStages` stages of shared memory. The stored codes need no
// unpacking: word p of a row's 32 bytes, shifted by 6 - 2 s, holds the columns 32 s + 4 p .. + 3, as a fragment of
// MultiplyTile wants them.
#pragma once

#include "gpu/kernels/ternary_rows.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kTileWarpTokens = 32;  // two warps side by side in each direction
STERNA_CONSTANT uint32_t kTileWarpRows = 32;
STERNA_CONSTANT uint32_t kTileFragmentsDown = kTileWarpTokens / 16;
STERNA_CONSTANT uint32_t kTileFragmentsAcross = kTileWarpRows / 8;

struct TileSums {
  TileC part[kTileFragmentsDown][kTileFragmentsAcross];
};

// Block `block` of the tile's activations and weights on their way into a stage; zeros past the last row of either.
STERNA_DEVICE void FetchTile(STERNA_ARGS(TernaryArgs) args, const Thread self, uint32_t block,
                             STERNA_SHARED uint8_t* stage) {
  const uint32_t first_token = self.block_y * kTileTokens, first_row = self.block_x * kTileRows;
  STERNA_UNROLL
  for (uint32_t i = 0; i < kTileTokens * 8 / kTileThreads; ++i) {
    const uint32_t piece = i * kTileThreads + self.index, line = piece / 8, byte = piece % 8 * 16;
    const bool valid = first_token + line < args.tokens;
    const uint32_t token = valid ? first_token + line : 0;
    CopyLater(self, stage + line * kTileValuesStride + byte,
              args.values + uint64_t(token) * args.stride + block * kTernaryBlock + byte, valid);
  }
  const uint32_t line = self.index / 2, byte = self.index % 2 * 16;
  const bool valid = first_row + line < args.rows;
  const uint64_t row = valid ? first_row + line : 0;
  CopyLater(self, stage + kTileTokens * kTileValuesStride + line * kTileCodesStride + byte,
            args.codes + (row * args.blocks + block) * kTernaryBlockStored + byte, valid);
}

STERNA_DEVICE uint32_t SharedWord(const STERNA_SHARED uint8_t* at) {
  return *reinterpret_cast<const STERNA_SHARED uint32_t*>(at);
}

STERNA_DEVICE void MultiplyStage(const Thread self, const STERNA_SHARED uint8_t* stage, STERNA_LOCAL TileSums& sums) {
  const uint32_t g = self.lane / 4, p = self.lane % 4;
  const STERNA_SHARED uint8_t* const values = stage + (self.warp / 2 * kTileWarpTokens + g) * kTileValuesStride + 4 * p;
  const STERNA_SHARED uint8_t* const codes =
      stage + kTileTokens * kTileValuesStride + (self.warp % 2 * kTileWarpRows + g) * kTileCodesStride + 4 * p;
  STERNA_UNROLL
  for (uint32_t s = 0; s < 4; ++s) {
    TileA a[kTileFragmentsDown];
    STERNA_UNROLL
    for (uint32_t m = 0; m < kTileFragmentsDown; ++m) {
      const STERNA_SHARED uint8_t* const line = values + 16 * m * kTileValuesStride + 32 * s;
      a[m].word[0] = SharedWord(line);
      a[m].word[1] = SharedWord(line + 8 * kTileValuesStride);
      a[m].word[2] = SharedWord(line + 16);
      a[m].word[3] = SharedWord(line + 8 * kTileValuesStride + 16);
    }
    STERNA_UNROLL
    for (uint32_t n = 0; n < kTileFragmentsAcross; ++n) {
      TileB b;
      b.word[0] = (SharedWord(codes + 8 * n * kTileCodesStride) >> (6 - 2 * s)) & kCodeMask;
      b.word[1] = (SharedWord(codes + 8 * n * kTileCodesStride + 16) >> (6 - 2 * s)) & kCodeMask;
      STERNA_UNROLL
      for (uint32_t m = 0; m < kTileFragmentsDown; ++m) MultiplyTile(self, sums.part[m][n], a[m], b);
    }
  }
}

STERNA_DEVICE void WriteTile(STERNA_ARGS(TernaryArgs) args, const Thread self, const STERNA_LOCAL TileSums& sums) {
  const uint32_t first_token = self.block_y * kTileTokens + self.warp / 2 * kTileWarpTokens + self.lane / 4;
  const uint32_t first_row = self.block_x * kTileRows + self.warp % 2 * kTileWarpRows + self.lane % 4 * 2;
  STERNA_UNROLL
  for (uint32_t m = 0; m < kTileFragmentsDown; ++m) {
    STERNA_UNROLL
    for (uint32_t n = 0; n < kTileFragmentsAcross; ++n) {
      STERNA_UNROLL
      for (uint32_t i = 0; i < 4; ++i) {
        const uint32_t token = first_token + 16 * m + i / 2 * 8, row = first_row + 8 * n + i % 2;
        if (token < args.tokens && row < args.rows) {
          args.out[uint64_t(token) * args.out_stride + row] =
              ScaledTernary(args, sums.part[m][n].sum[i] - args.sums[token], token, row);
        }
      }
    }
  }
}

template <uint32_t kStages>
STERNA_DEVICE void MultiplyTiles(STERNA_ARGS(TernaryArgs) args, const Thread self) {
  TileSums sums = {};
  for (uint32_t block = 0; block + 1 < kStages; ++block) {
    if (block < args.blocks) FetchTile(args, self, block, self.shared + block * kTileStageBytes);
    CommitCopies(self);
  }
  uint32_t stage = 0, next_stage = kStages - 1;
  for (uint32_t block = 0; block < args.blocks; ++block) {
    WaitCopies<kStages - 2>(self);
    Barrier(self);  // this stage is here, and everybody is done with the one that the next copies go to
    const uint32_t next = block + kStages - 1;
    if (next < args.blocks) FetchTile(args, self, next, self.shared + next_stage * kTileStageBytes);
    CommitCopies(self);
    MultiplyStage(self, self.shared + stage * kTileStageBytes, sums);
    stage = stage + 1 == kStages ? 0 : stage + 1;
    next_stage = next_stage + 1 == kStages ? 0 : next_stage + 1;
  }
  WriteTile(args, self, sums);
}

STERNA_KERNEL(TernaryTile2, TernaryArgs, kTileThreads) { MultiplyTiles<2>(args, self); }
STERNA_KERNEL(TernaryTile3, TernaryArgs, kTileThreads) { MultiplyTiles<3>(args, self); }

}  // namespace gpu
}  // namespace sterna
