// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times several int8 rows in tiles. 32 rows of weights at a time are unpacked to bytes, which are the
// first factor as they come; activations, arranged once for all rows of weights, are the second. Two blocks of 128
// columns (64 bytes of codes) are four tiles wide: the codes at the same place of a byte, 32 columns of each block.
#pragma once

#include "kernels/amx/tiles-inl.h"

namespace sterna::kernels {
namespace {
namespace amx {

constexpr size_t kPlaces = 4;  // codes in a byte
constexpr size_t kPanelRows = 2 * kTileRows;
constexpr size_t kMostPairs = kPanelBytes / (kPanelRows * 2 * kTernaryBlockColumns);  // of blocks: 16384 columns

size_t PairsOf(const TernaryRows& w) { return (w.blocks + 1) / 2; }

// The columns that tile `place` of a pair of blocks has of one row of activations.
__m512i ActivationsAt(const int8_t* row, size_t place, bool two) {
  const int8_t* const from = row + place * kTernaryBlockBytes;
  return avx512::Halves(LoadBytes(from), two ? LoadBytes(from + kTernaryBlockColumns) : _mm256_setzero_si256());
}

// Tokens t .. t + count - 1 as tiles [tokens / 16][pairs][place].
void ArrangeActivations(const Int8Rows& x, size_t t, size_t count, size_t blocks, int8_t* tiles) {
  for (size_t first = 0; first < count; first += kTileRows) {
    const size_t tokens = Smaller(kTileRows, count - first);
    const int8_t* const rows = x.values + (t + first) * x.stride;
    for (size_t b = 0; b < blocks; b += 2) {
      for (size_t place = 0; place < kPlaces; ++place, tiles += kTileBytes) {
        __m512i lines[kTileRows];
        for (size_t i = 0; i < kTileRows; ++i) {
          lines[i] = i < tokens ? ActivationsAt(rows + i * x.stride + b * kTernaryBlockColumns, place, b + 1 < blocks)
                                : _mm512_setzero_si512();
        }
        Transpose(lines);
        for (size_t i = 0; i < kTileRows; ++i) _mm512_store_si512(tiles + i * kTileColumns, lines[i]);
      }
    }
  }
}

// Pairs first .. end - 1 of up to 32 rows as tiles [rows / 16][pairs][place]. Rows that are not there keep what the
// panel held. What lies one panel on is prefetched.
void UnpackPanel(const uint8_t* codes, size_t rows, size_t blocks, size_t first, size_t end, uint8_t* panel) {
  const size_t row_bytes = blocks * kTernaryBlockBytes;
  const __m512i mask = _mm512_set1_epi8(3);
  for (size_t r = 0; r < rows; ++r, codes += row_bytes) {
    uint8_t* to = panel + r / kTileRows * (end - first) * kPlaces * kTileBytes + r % kTileRows * kTileColumns;
    for (size_t p = first; p < end; ++p, to += kPlaces * kTileBytes) {
      const uint8_t* const from = codes + p * 2 * kTernaryBlockBytes;
      const bool two = 2 * p + 1 < blocks;
      _mm_prefetch(reinterpret_cast<const char*>(from + kPanelRows * row_bytes), _MM_HINT_T1);
      const __m512i bytes = two ? _mm512_loadu_si512(from) : avx512::Halves(LoadBytes(from), _mm256_setzero_si256());
      _mm512_store_si512(to, _mm512_and_si512(_mm512_srli_epi16(bytes, 6), mask));
      _mm512_store_si512(to + kTileBytes, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask));
      _mm512_store_si512(to + 2 * kTileBytes, _mm512_and_si512(_mm512_srli_epi16(bytes, 2), mask));
      _mm512_store_si512(to + 3 * kTileBytes, _mm512_and_si512(bytes, mask));
    }
  }
}

// Sums of 32 rows of weights and 32 tokens: tile 2 i + j has rows from 16 i and tokens from 16 j on. Of 16 tokens
// alone: j is 1 for odd tiles of columns, so that four products are under way here too, and the two belong together.
using PanelSums = int32_t[2][2][kTileBytes / sizeof(int32_t)];

void ZeroSums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

// `tiles` tiles of columns; the second 16 rows, or tokens, lie w_stride, or x_stride, bytes on.
void AddFour(const uint8_t* w, size_t w_stride, const int8_t* x, size_t x_stride, size_t tiles) {
  WriteBack(w);
  for (size_t i = 0; i < tiles; ++i, w += kTileBytes, x += kTileBytes) {
    _tile_loadd(4, w, kTileColumns);
    _tile_loadd(6, x, kTileColumns);
    _tile_dpbusd(0, 4, 6);
    _tile_loadd(7, x + x_stride, kTileColumns);
    _tile_dpbusd(1, 4, 7);
    _tile_loadd(5, w + w_stride, kTileColumns);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
}

void AddTwo(const uint8_t* w, size_t w_stride, const int8_t* x, size_t tiles) {
  WriteBack(w);
  for (size_t i = 0; i < tiles; i += 2, w += 2 * kTileBytes, x += 2 * kTileBytes) {
    _tile_loadd(4, w, kTileColumns);
    _tile_loadd(6, x, kTileColumns);
    _tile_dpbusd(0, 4, 6);
    _tile_loadd(5, w + w_stride, kTileColumns);
    _tile_dpbusd(2, 5, 6);
    _tile_loadd(4, w + kTileBytes, kTileColumns);
    _tile_loadd(7, x + kTileBytes, kTileColumns);
    _tile_dpbusd(1, 4, 7);
    _tile_loadd(5, w + w_stride + kTileBytes, kTileColumns);
    _tile_dpbusd(3, 5, 7);
  }
}

void StoreSums(PanelSums& sums) {
  _tile_stored(0, sums[0][0], kTileColumns);
  _tile_stored(1, sums[0][1], kTileColumns);
  _tile_stored(2, sums[1][0], kTileColumns);
  _tile_stored(3, sums[1][1], kTileColumns);
}

// One tile of sums, [rows][tokens], to out[token][row].
void StoreOutputs(__m512i (&sums)[kTileRows], const TernaryRows& w, const Int8Rows& x, size_t t, size_t r,
                  size_t tokens, float* out, size_t out_stride) {
  Transpose(sums);
  const __mmask16 rows = avx512::FirstLanes(w.rows - r);
  for (size_t i = 0; i < tokens; ++i) {
    const __m512 y = Outputs(sums[i], x.sums[t + i], w.scale / x.scales[t + i]);
    _mm512_mask_storeu_ps(out + (t + i) * out_stride + r, rows, y);
  }
}

void LoadSums(const int32_t* from, __m512i (&sums)[kTileRows]) {
  for (size_t i = 0; i < kTileRows; ++i) sums[i] = _mm512_load_si512(from + i * kTileRows);
}

// Sums of the panel's rows, from r on, and `tokens` (up to 32) tokens from t on to outputs.
void StorePanel(const PanelSums& sums, const TernaryRows& w, const Int8Rows& x, size_t r, size_t t, size_t tokens,
                float* out, size_t out_stride) {
  const bool two = tokens > kTileRows;
  for (size_t i = 0; i < 2 && r + i * kTileRows < w.rows; ++i) {
    __m512i first[kTileRows], second[kTileRows];
    LoadSums(sums[i][0], first);
    LoadSums(sums[i][1], second);
    for (size_t k = 0; k < kTileRows && !two; ++k) first[k] = _mm512_add_epi32(first[k], second[k]);
    StoreOutputs(first, w, x, t, r + i * kTileRows, Smaller(tokens, kTileRows), out, out_stride);
    if (two) StoreOutputs(second, w, x, t + kTileRows, r + i * kTileRows, tokens - kTileRows, out, out_stride);
  }
}

// The memory of a call: tiles of activations and of unpacked codes.
struct RowsScratch {
  int8_t* x;
  uint8_t* panel;
};

// Up to 32 tokens: sums stay in tiles while the panel is unpacked in parts that a first-level cache holds.
void FewTokens(const TernaryRows& w, const Int8Rows& x, size_t t, size_t tokens, const RowsScratch& scratch, float* out,
               size_t out_stride) {
  constexpr size_t kPartPairs = 2;
  const size_t pairs = PairsOf(w), set_bytes = pairs * kPlaces * kTileBytes;
  for (size_t r = 0; r < w.rows; r += kPanelRows) {
    const uint8_t* const codes = w.codes + r * w.blocks * kTernaryBlockBytes;
    ZeroSums();
    for (size_t p = 0; p < pairs; p += kPartPairs) {
      const size_t end = Smaller(p + kPartPairs, pairs), tiles = (end - p) * kPlaces;
      UnpackPanel(codes, Smaller(kPanelRows, w.rows - r), w.blocks, p, end, scratch.panel);
      const int8_t* const at = scratch.x + p * kPlaces * kTileBytes;
      if (tokens > kTileRows) {
        AddFour(scratch.panel, tiles * kTileBytes, at, set_bytes, tiles);
      } else {
        AddTwo(scratch.panel, tiles * kTileBytes, at, tiles);
      }
    }
    alignas(64) PanelSums sums;
    StoreSums(sums);
    StorePanel(sums, w, x, r, t, tokens, out, out_stride);
  }
}

// More tokens: each panel is unpacked once for all.
void ManyTokens(const TernaryRows& w, const Int8Rows& x, size_t t, size_t tokens, const RowsScratch& scratch,
                float* out, size_t out_stride) {
  const size_t pairs = PairsOf(w), tiles = pairs * kPlaces, set_bytes = tiles * kTileBytes;
  for (size_t r = 0; r < w.rows; r += kPanelRows) {
    UnpackPanel(w.codes + r * w.blocks * kTernaryBlockBytes, Smaller(kPanelRows, w.rows - r), w.blocks, 0, pairs,
                scratch.panel);
    for (size_t i = 0; i < tokens; i += kPanelRows) {
      const size_t count = Smaller(kPanelRows, tokens - i);
      const int8_t* const at = scratch.x + i / kTileRows * set_bytes;
      ZeroSums();
      if (count > kTileRows) {
        AddFour(scratch.panel, set_bytes, at, set_bytes, tiles);
      } else {
        AddTwo(scratch.panel, set_bytes, at, tiles);
      }
      alignas(64) PanelSums sums;
      StoreSums(sums);
      StorePanel(sums, w, x, r, t + i, count, out, out_stride);
    }
  }
}

void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  const size_t pairs = PairsOf(w);
  if (x.scratch == nullptr || pairs > kMostPairs) return avx512::TernaryLinear(w, x, out, out_stride);
  const RowsScratch scratch = {static_cast<int8_t*>(x.scratch), static_cast<uint8_t*>(x.scratch) + kFirstBytes};
  const size_t most = kFirstBytes / (pairs * kPlaces * kTileBytes) * kTileRows;
  const TileUse tiles;
  for (size_t t = 0; t < x.count; t += most) {
    const size_t tokens = Smaller(most, x.count - t);
    ArrangeActivations(x, t, tokens, w.blocks, scratch.x);
    const auto run = tokens > kPanelRows ? ManyTokens : FewTokens;
    run(w, x, t, tokens, scratch, out, out_stride);
  }
}

}  // namespace amx
}  // namespace
}  // namespace sterna::kernels
