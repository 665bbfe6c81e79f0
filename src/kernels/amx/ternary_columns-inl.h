// SPDX-License-Identifier: Apache-2.0
//
// Matrices stored by input, in tiles: activations are the first factor as they come, and codes of four inputs
// interleaved byte by byte the second. As in avx512/ternary_columns-inl.h codes stay where they are stored in their
// byte: they count 64, 16, 4 or 1 fold, alike in all of a tile, until its sums are complete.
#pragma once

#include "kernels/amx/tiles-inl.h"
#include "kernels/avx2/ternary_columns_linear-inl.h"

namespace sterna::kernels {
namespace {
namespace amx {

constexpr size_t kPairOutputs = 2 * kTernaryBlockColumns;  // outputs of a pair of blocks
constexpr size_t kOutputTiles = kPairOutputs / kTileRows;  // tile 4 s + v: place s of the fours v
constexpr size_t kStepInputs = kTileColumns;               // inputs of one product of tiles
constexpr size_t kStepBytes = kOutputTiles * kTileBytes;
constexpr size_t kPanelSteps = kPanelBytes / 2 / kStepBytes;  // so many are unpacked at a time: 1024 inputs
constexpr size_t kFewTokensSteps = 1;                         // what a first-level cache holds

// Four inputs from `codes` on to a row of the 16 tiles of a step.
void UnpackQuad(const uint8_t* codes, size_t line_bytes, bool two, size_t ahead_bytes, uint8_t* to) {
  const auto load = [&](size_t i) {
    const uint8_t* const from = codes + i * line_bytes;
    _mm_prefetch(reinterpret_cast<const char*>(from + ahead_bytes), _MM_HINT_T1);
    return two ? _mm512_loadu_si512(from) : avx512::Halves(LoadBytes(from), _mm256_setzero_si256());
  };
  const __m512i a = load(0), b = load(1), c = load(2), d = load(3);
  const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
  const __m512i fours[4] = {_mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
                            _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)};
  avx512::Unrolled<4>([&](size_t s) {
    const __m512i place = _mm512_set1_epi8(char(0xc0 >> (2 * s)));
    for (size_t v = 0; v < 4; ++v) {
      _mm512_store_si512(to + (4 * s + v) * kTileBytes, _mm512_and_si512(fours[v], place));
    }
  });
}

// Inputs first .. first + 64 steps - 1 as tiles [steps][16]; rows past the inputs are zero.
void UnpackSteps(const TernaryColumns& w, size_t block, size_t first, size_t steps, bool two, size_t ahead_inputs,
                 uint8_t* panel) {
  const size_t line_bytes = w.blocks * kTernaryBlockBytes;
  for (size_t i = 0; i < steps * kTileRows; ++i) {
    uint8_t* const to = panel + i / kTileRows * kStepBytes + i % kTileRows * kTileColumns;
    const size_t input = first + 4 * i;
    if (input < w.inputs) {
      UnpackQuad(w.codes + input * line_bytes + block * kTernaryBlockBytes, line_bytes, two, ahead_inputs * line_bytes,
                 to);
    } else {
      for (size_t k = 0; k < kOutputTiles; ++k) _mm512_store_si512(to + k * kTileBytes, _mm512_setzero_si512());
    }
  }
}

// sums of 16 tokens and 64 outputs += `steps` steps.
void AddToFourTiles(const int8_t* x, size_t x_stride, const uint8_t* panel, size_t steps, int32_t* sums) {
  constexpr size_t kTile = kTileBytes / sizeof(int32_t);
  WriteBack(panel);
  _tile_loadd(0, sums, kTileColumns);
  _tile_loadd(1, sums + kTile, kTileColumns);
  _tile_loadd(2, sums + 2 * kTile, kTileColumns);
  _tile_loadd(3, sums + 3 * kTile, kTileColumns);
  for (size_t i = 0; i < steps; ++i, x += kStepInputs, panel += kStepBytes) {
    _tile_loadd(4, x, x_stride);
    _tile_loadd(5, panel, kTileColumns);
    _tile_dpbsud(0, 4, 5);
    _tile_loadd(6, panel + kTileBytes, kTileColumns);
    _tile_dpbsud(1, 4, 6);
    _tile_loadd(7, panel + 2 * kTileBytes, kTileColumns);
    _tile_dpbsud(2, 4, 7);
    _tile_loadd(5, panel + 3 * kTileBytes, kTileColumns);
    _tile_dpbsud(3, 4, 5);
  }
  _tile_stored(0, sums, kTileColumns);
  _tile_stored(1, sums + kTile, kTileColumns);
  _tile_stored(2, sums + 2 * kTile, kTileColumns);
  _tile_stored(3, sums + 3 * kTile, kTileColumns);
}

// sums of 32 tokens (the second 16 sum_stride ints on) and 32 outputs += `steps` steps.
void AddToSquare(const int8_t* x, size_t x_stride, const uint8_t* panel, size_t steps, int32_t* sums,
                 size_t sum_stride) {
  constexpr size_t kTile = kTileBytes / sizeof(int32_t);
  WriteBack(panel);
  _tile_loadd(0, sums, kTileColumns);
  _tile_loadd(1, sums + kTile, kTileColumns);
  _tile_loadd(2, sums + sum_stride, kTileColumns);
  _tile_loadd(3, sums + sum_stride + kTile, kTileColumns);
  for (size_t i = 0; i < steps; ++i, x += kStepInputs, panel += kStepBytes) {
    _tile_loadd(4, x, x_stride);
    _tile_loadd(6, panel, kTileColumns);
    _tile_dpbsud(0, 4, 6);
    _tile_loadd(7, panel + kTileBytes, kTileColumns);
    _tile_dpbsud(1, 4, 7);
    _tile_loadd(5, x + kTileRows * x_stride, x_stride);
    _tile_dpbsud(2, 5, 6);
    _tile_dpbsud(3, 5, 7);
  }
  _tile_stored(0, sums, kTileColumns);
  _tile_stored(1, sums + kTile, kTileColumns);
  _tile_stored(2, sums + sum_stride, kTileColumns);
  _tile_stored(3, sums + sum_stride + kTile, kTileColumns);
}

// sums [tokens / 16][16 tiles] += the panel's steps. `tiles` have min(tokens, 16) rows.
void AddPanel(const TileUse& tiles, const int8_t* x, size_t x_stride, size_t tokens, const uint8_t* panel, size_t steps,
              int32_t* sums) {
  constexpr size_t kTile = kTileBytes / sizeof(int32_t), kRowTiles = kOutputTiles * kTile;
  size_t t = 0;
  for (; t + 2 * kTileRows <= tokens; t += 2 * kTileRows, sums += 2 * kRowTiles) {
    for (size_t o = 0; o < kOutputTiles; o += 2) {
      AddToSquare(x + t * x_stride, x_stride, panel + o * kTileBytes, steps, sums + o * kTile, kRowTiles);
    }
  }
  for (; t < tokens; t += kTileRows, sums += kRowTiles) {
    const bool rest = tokens > kTileRows && tokens - t < kTileRows;
    if (rest) tiles.Shape(tokens - t);
    for (size_t o = 0; o < kOutputTiles; o += 4) {
      AddToFourTiles(x + t * x_stride, x_stride, panel + o * kTileBytes, steps, sums + o * kTile);
    }
    if (rest) tiles.Shape(kTileRows);
  }
}

// The outputs of one row of a tile: lane 4 l + k is output 16 (l % 2) + k of block l / 2, from `to` on, of which
// `count` are there.
void StoreFours(__m512 y, size_t count, float* to) {
  alignas(64) float lanes[16];
  _mm512_store_ps(lanes, y);
  for (size_t l = 0; l < 4; ++l) {
    const size_t at = l / 2 * kTernaryBlockColumns + 16 * (l % 2);
    if (at + 4 <= count) {
      _mm_storeu_ps(to + at, _mm_load_ps(lanes + 4 * l));
    } else {
      for (size_t k = 0; at + k < count; ++k) to[at + k] = lanes[4 * l + k];
    }
  }
}

// Complete sums to outputs first .. first + 255 of each token.
void StoreColumns(const int32_t* sums, const TernaryColumns& w, const Int8Rows& x, size_t first, size_t end, float* out,
                  size_t out_stride) {
  for (size_t t = 0; t < x.count; ++t) {
    const float factor = w.scale / x.scales[t];
    for (size_t i = 0; i < kOutputTiles; ++i) {
      const size_t s = i / 4, output = first + 32 * s + 4 * (i % 4);
      if (output >= end) continue;
      const int32_t* const from =
          sums + (t / kTileRows * kOutputTiles + i) * (kTileBytes / 4) + t % kTileRows * kTileRows;
      const __m512i plain = _mm512_srav_epi32(_mm512_load_si512(from), _mm512_set1_epi32(int(6 - 2 * s)));
      StoreFours(Outputs(plain, x.sums[t], factor), end - output, out + t * out_stride + output);
    }
  }
}

// The memory of a call: sums of all its pairs of blocks, [pairs][tokens / 16][16 tiles], and unpacked codes.
struct ColumnsScratch {
  int32_t* sums;
  uint8_t* panel;
};

// Tokens whose sums fit the scratch. A part of the inputs goes through all pairs of blocks before the next one: so
// memory is read in stretches as long as a line of blocks.
void ColumnOutputs(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x,
                   const ColumnsScratch& scratch, float* out, size_t out_stride) {
  const size_t pair_sums = (x.count + kTileRows - 1) / kTileRows * kStepBytes / sizeof(int32_t);
  const size_t pairs = (blocks + 1) / 2;
  for (size_t i = 0; i < pairs * pair_sums; i += 16) _mm512_store_si512(scratch.sums + i, _mm512_setzero_si512());
  const TileUse tiles(Smaller(x.count, kTileRows));
  const size_t part_steps = x.count > 2 * kTileRows ? kPanelSteps : kFewTokensSteps;
  for (size_t input = 0; input < w.inputs; input += part_steps * kStepInputs) {
    const size_t steps = Smaller(part_steps, (w.inputs - input + kStepInputs - 1) / kStepInputs);
    for (size_t p = 0; p < pairs; ++p) {
      UnpackSteps(w, first_block + 2 * p, input, steps, 2 * p + 1 < blocks, part_steps * kStepInputs, scratch.panel);
      AddPanel(tiles, x.values + input, x.stride, x.count, scratch.panel, steps, scratch.sums + p * pair_sums);
    }
  }
  for (size_t p = 0; p < pairs; ++p) {
    const size_t block = first_block + 2 * p;
    const size_t end = Smaller(w.outputs, (block + (2 * p + 1 < blocks ? 2 : 1)) * kTernaryBlockColumns);
    StoreColumns(scratch.sums + p * pair_sums, w, x, block * kTernaryBlockColumns, end, out, out_stride);
  }
}

void TernaryColumnsLinear(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x, float* out,
                          size_t out_stride) noexcept {
  if (x.scratch == nullptr) return kernels::TernaryColumnsLinear(w, first_block, blocks, x, out, out_stride);
  const ColumnsScratch scratch = {static_cast<int32_t*>(x.scratch), static_cast<uint8_t*>(x.scratch) + kFirstBytes};
  constexpr size_t kMostTiles = kFirstBytes / kStepBytes;  // of 16 tokens and a pair of blocks
  const size_t part_blocks = Smaller(blocks, 2 * kMostTiles);
  const size_t part_tokens = kMostTiles / ((part_blocks + 1) / 2) * kTileRows;
  for (size_t t = 0; t < x.count; t += part_tokens) {
    const Int8Rows part = {x.values + t * x.stride,           x.scales + t, x.sums + t,
                           Smaller(part_tokens, x.count - t), x.stride,     x.scratch};
    for (size_t b = 0; b < blocks; b += part_blocks) {
      ColumnOutputs(w, first_block + b, Smaller(part_blocks, blocks - b), part, scratch, out + t * out_stride,
                    out_stride);
    }
  }
}

}  // namespace amx
}  // namespace
}  // namespace sterna::kernels
