// SPDX-License-Identifier: Apache-2.0
//
// Matrices stored by input, for batches of rows: the codes of 128 inputs for one block of 128 outputs are unpacked once
// into byte pairs (as in ternary_columns-inl.h) and serve up to 32 rows of activations from the first-level cache. Many
// rows and scratch: tables of sums.
#pragma once

#include "kernels/avx2/ternary_column_tables-inl.h"
#include "kernels/avx2/ternary_columns-inl.h"

namespace sterna::kernels {
namespace {

constexpr size_t kTileTokens = 32;
constexpr size_t kQuarters = 4;  // of a block's outputs

struct ColumnTile {
  __m256i codes[kQuarters][kNarrowPairs][2];         // 16 KB
  alignas(32) int32_t q[kTileTokens][kNarrowPairs];  // a pair of activations, twice
  alignas(32) int32_t sums[kTileTokens][kTernaryBlockColumns];
};

// The pairs of inputs first .. first + 2 pairs - 1 of block `block`.
void UnpackColumns(const TernaryColumns& w, size_t block, size_t first, size_t pairs, ColumnTile& tile) {
  const size_t line_bytes = w.blocks * kTernaryBlockBytes;
  const uint8_t* codes = w.codes + first * line_bytes + block * kTernaryBlockBytes;
  for (size_t p = 0; p < pairs; ++p, codes += 2 * line_bytes) {
    const __m256i a = LoadBytes(codes), b = LoadBytes(codes + line_bytes);
    const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
    tile.codes[0][p][0] = Codes<0>(low), tile.codes[0][p][1] = Codes<0>(high);
    tile.codes[1][p][0] = Codes<1>(low), tile.codes[1][p][1] = Codes<1>(high);
    tile.codes[2][p][0] = Codes<2>(low), tile.codes[2][p][1] = Codes<2>(high);
    tile.codes[3][p][0] = Codes<3>(low), tile.codes[3][p][1] = Codes<3>(high);
  }
}

// Activations q[0 .. 2 pairs - 1] of a token, each pair twice in an int32, ready to be broadcast.
void SpreadPairs(const int8_t* q, size_t pairs, int32_t* spread) {
  size_t p = 0;
  for (; p + 8 <= pairs; p += 8) {
    const __m256i low = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(q + 2 * p)));
    const __m256i both = _mm256_or_si256(low, _mm256_slli_epi32(low, 16));
    _mm256_store_si256(reinterpret_cast<__m256i*>(spread + p), both);
  }
  for (; p < pairs; ++p) {
    const auto pair = uint32_t(uint8_t(q[2 * p]) | uint8_t(q[2 * p + 1]) << 8);
    spread[p] = int32_t(pair | pair << 16);
  }
}

// tile.sums of tokens t .. t + kTokens - 1 += the products of the unpacked pairs.
template <size_t kTokens>
void MultiplyColumns(size_t pairs, size_t t, ColumnTile& tile) {
  for (size_t s = 0; s < kQuarters; ++s) {
    __m256i sum[kTokens][2];
    for (auto& v : sum) v[0] = v[1] = _mm256_setzero_si256();
    for (size_t p = 0; p < pairs; ++p) {
      const __m256i low = tile.codes[s][p][0], high = tile.codes[s][p][1];
      for (size_t k = 0; k < kTokens; ++k) {
        const __m256i q = _mm256_set1_epi32(tile.q[t + k][p]);
        sum[k][0] = _mm256_add_epi16(sum[k][0], _mm256_maddubs_epi16(low, q));
        sum[k][1] = _mm256_add_epi16(sum[k][1], _mm256_maddubs_epi16(high, q));
        Pin(sum[k][0]);
        Pin(sum[k][1]);
      }
    }
    for (size_t k = 0; k < kTokens; ++k) {
      WidenColumns(sum[k][0], sum[k][1], _mm256_setzero_si256(), tile.sums[t + k] + s * 2 * kNarrowLanes);
    }
  }
}

// out[t][o] = float(sum - sum of q) * factor for the outputs that exist.
void StoreColumns(const int32_t* sums, int32_t q_sum, float factor, size_t count, float* out) {
  const __m256i less = _mm256_set1_epi32(q_sum);
  const __m256 scale = _mm256_set1_ps(factor);
  ForEachVector(Smaller(count, kTernaryBlockColumns), [&](size_t o, auto, auto store) {
    const __m256i sum = _mm256_sub_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(sums + o)), less);
    store(out + o, _mm256_mul_ps(_mm256_cvtepi32_ps(sum), scale));
  });
}

// One block of outputs for tokens first .. first + tokens - 1, at most kTileTokens.
void ColumnOutputs(const TernaryColumns& w, size_t block, const Int8Rows& x, size_t first, size_t tokens,
                   ColumnTile& tile, float* out, size_t out_stride) {
  for (size_t t = 0; t < tokens; ++t) {
    for (int32_t& sum : tile.sums[t]) sum = 0;
  }
  for (size_t input = 0; input < w.inputs; input += 2 * kNarrowPairs) {
    const size_t pairs = Smaller(w.inputs - input, 2 * kNarrowPairs) / 2;
    UnpackColumns(w, block, input, pairs, tile);
    for (size_t t = 0; t < tokens; ++t) SpreadPairs(x.values + (first + t) * x.stride + input, pairs, tile.q[t]);
    size_t t = 0;
    for (; t + 4 <= tokens; t += 4) MultiplyColumns<4>(pairs, t, tile);
    for (; t < tokens; ++t) MultiplyColumns<1>(pairs, t, tile);
  }
  const size_t output = block * kTernaryBlockColumns;
  for (size_t t = 0; t < tokens; ++t) {
    StoreColumns(tile.sums[t], x.sums[first + t], w.scale / x.scales[first + t], w.outputs - output,
                 out + (first + t) * out_stride + output);
  }
}

void TernaryColumnsLinear(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x, float* out,
                          size_t out_stride) noexcept {
  const size_t first = first_block * kTernaryBlockColumns;
  const size_t end = Smaller(first + blocks * kTernaryBlockColumns, w.outputs);
  const size_t tokens = TableTokens(x, end - first);
  if (tokens > 0) MultiplyByTables(ColumnSource{w}, x, tokens, first, end, kTernaryBlockColumns, out, out_stride);
  ColumnTile tile;
  for (size_t b = first_block; b < first_block + blocks; ++b) {
    for (size_t t = tokens; t < x.count; t += kTileTokens) {
      ColumnOutputs(w, b, x, t, Smaller(x.count - t, kTileTokens), tile, out, out_stride);
    }
  }
}

}  // namespace
}  // namespace sterna::kernels
