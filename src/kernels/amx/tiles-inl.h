// SPDX-License-Identifier: Apache-2.0
//
// Tile registers: 16 rows of 64 bytes. tdpb*d adds to a tile of int32 [16 rows of the first][16 columns of the second]
// the products of bytes: the first tile has a row's 64 bytes as they come, the second has, in row k, bytes 4 k .. 4 k +
// 3 of each of its 16 columns. (Intel SDM volume 1, chapter 18.)
#pragma once

#include "kernels/avx512/ternary-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {
namespace amx {

constexpr size_t kTileRows = 16;
constexpr size_t kTileColumns = 64;  // bytes of a row
constexpr size_t kTileBytes = kTileRows * kTileColumns;

// What KernelTable::ternary_scratch is used for. Larger than a second-level cache that has them serves none well.
constexpr size_t kFirstBytes = 1 << 20;  // activations, or sums
constexpr size_t kPanelBytes = 1 << 19;  // unpacked codes
constexpr size_t kScratchBytes = kFirstBytes + kPanelBytes;

struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t unused[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Loads of tiles do not tell GCC 12 what memory they read: what was written to it must not stay in registers.
inline void WriteBack(const void* memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

// Tiles are in use while it lives. Tiles 0 to 4, sums and a first factor, may have fewer than 16 rows; the others are
// second factors.
struct TileUse {
  explicit TileUse(size_t rows = kTileRows) { Shape(rows); }
  // Costs as much as some products; tiles are zero afterwards.
  void Shape(size_t rows) const {
    TileShapes shapes;
    for (size_t i = 0; i < 5; ++i) shapes.rows[i] = uint8_t(rows);
    WriteBack(&shapes);
    _tile_loadconfig(&shapes);
  }
  ~TileUse() { _tile_release(); }
  TileUse(const TileUse&) = delete;
  TileUse& operator=(const TileUse&) = delete;
};

// rows[i] lane j becomes rows[j] lane i.
void Transpose(__m512i (&rows)[kTileRows]) {
  __m512i half[kTileRows];
  for (size_t i = 0; i < kTileRows; i += 4) {
    const __m512i a = _mm512_unpacklo_epi32(rows[i], rows[i + 1]), b = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    const __m512i c = _mm512_unpacklo_epi32(rows[i + 2], rows[i + 3]);
    const __m512i d = _mm512_unpackhi_epi32(rows[i + 2], rows[i + 3]);
    half[i] = _mm512_unpacklo_epi64(a, c), half[i + 1] = _mm512_unpackhi_epi64(a, c);
    half[i + 2] = _mm512_unpacklo_epi64(b, d), half[i + 3] = _mm512_unpackhi_epi64(b, d);
  }
  // half[4 g + k] has in its l-th quarter lane 4 l + k of rows 4 g .. 4 g + 3.
  const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  for (size_t k = 0; k < 4; ++k) {
    const __m512i a = _mm512_permutex2var_epi64(half[k], low, half[4 + k]);  // quarters 0 0 1 1
    const __m512i b = _mm512_permutex2var_epi64(half[8 + k], low, half[12 + k]);
    const __m512i c = _mm512_permutex2var_epi64(half[k], high, half[4 + k]);  // quarters 2 2 3 3
    const __m512i d = _mm512_permutex2var_epi64(half[8 + k], high, half[12 + k]);
    rows[k] = avx512::Halves(_mm512_castsi512_si256(a), _mm512_castsi512_si256(b));
    rows[4 + k] = _mm512_inserti64x4(b, _mm512_extracti64x4_epi64(a, 1), 0);
    rows[8 + k] = avx512::Halves(_mm512_castsi512_si256(c), _mm512_castsi512_si256(d));
    rows[12 + k] = _mm512_inserti64x4(d, _mm512_extracti64x4_epi64(c, 1), 0);
  }
}

// float(sum - sum of q) * factor of 16 sums; the difference wraps, for only it need fit.
__m512 Outputs(__m512i sums, int32_t q_sum, float factor) {
  return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sums, _mm512_set1_epi32(q_sum))), _mm512_set1_ps(factor));
}

}  // namespace amx
}  // namespace
}  // namespace sterna::kernels
