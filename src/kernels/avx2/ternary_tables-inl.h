// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times many int8 rows by tables of sums, 16 tokens at a time.
//
// A byte of a weight row holds the codes of four columns (p, p + 32, p + 64, p + 96 of its block). For such a group of
// columns a table holds, for each of the 81 sums w0 x0 + w1 x1 + w2 x2 + w3 x3 with w in {-1, 0, 1}, one vector of
// int16: the sum for 16 tokens. A stored byte then names a vector, and one load and one addition do 4 x 16
// multiply-adds, twice what vpmaddubsw does. Tables of eight groups stay in the first-level cache while all rows of the
// call pass by; the more rows, the less their making costs.
//
// |sum of a group| <= 4 * 128, so the 32 groups of a block fit int16 exactly; after each block the sums go to int32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/avx2/lanes-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

constexpr size_t kTableTokens = 16;  // int16 lanes of a register
constexpr size_t kTableEntries = 81;
constexpr size_t kPassGroups = 8;  // tables of one pass: 20 KB
constexpr size_t kBlockPasses = kTernaryBlockBytes / kPassGroups;
constexpr size_t kTableRows = 1792;     // weight rows that pass by the same tables
constexpr size_t kTableTiles = 2;       // runs of 16 tokens that share unpacked indices
constexpr size_t kTableMinTokens = 12;  // left over from runs of 16 and still worth tables
constexpr size_t kTableMinRows = 256;   // with fewer rows the tables cost more than they save

// What Int8Rows::scratch points to.
struct TableScratch {
  alignas(64) __m256i tables[kPassGroups][kTableEntries];
  __m256i columns[kTernaryBlockColumns];       // a block of activations, column by column, 16 tokens each
  uint64_t indices[kBlockPasses][kTableRows];  // table entries of a row for one pass, a byte for each group
  __m256i narrow[kTableRows];                  // int16 sums within a block
  __m256i wide[kTableTiles][kTableRows][2];    // int32 sums of tokens 0..7 and 8..15
};

// Interleaves row i with row i + 8. Four times over, that transposes 16 x 16 bytes.
void Interleave(__m128i (&rows)[16]) {
  __m128i mixed[16];
  for (int i = 0; i < 8; ++i) {
    mixed[2 * i] = _mm_unpacklo_epi8(rows[i], rows[i + 8]);
    mixed[2 * i + 1] = _mm_unpackhi_epi8(rows[i], rows[i + 8]);
  }
  for (int i = 0; i < 16; ++i) rows[i] = mixed[i];
}

// One block of `tokens` (1..16) rows to columns of int16; missing tokens are 0.
void TransposeBlock(const int8_t* q, size_t q_stride, size_t tokens, __m256i* columns) {
  for (size_t k = 0; k < kTernaryBlockColumns; k += 16) {
    __m128i rows[16];
    for (size_t t = 0; t < 16; ++t) {
      rows[t] =
          t < tokens ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(q + t * q_stride + k)) : _mm_setzero_si128();
    }
    for (int round = 0; round < 4; ++round) Interleave(rows);
    for (size_t i = 0; i < 16; ++i) columns[k + i] = _mm256_cvtepi8_epi16(rows[i]);
  }
}

// All sums of the group of columns[0], [kStep], [2 kStep] and [3 kStep]; entry 27 c0 + 9 c1 + 3 c2 + c3 for codes c.
template <size_t kStep>
void MakeTable(const __m256i* columns, __m256i* table) {
  const __m256i x0 = columns[0], x1 = columns[kStep], x2 = columns[2 * kStep], x3 = columns[3 * kStep];
  __m256i a = _mm256_sub_epi16(_mm256_setzero_si256(), x0);
  for (int i = 0; i < 3; ++i, a = _mm256_add_epi16(a, x0)) {
    __m256i b = _mm256_sub_epi16(a, x1);
    for (int j = 0; j < 3; ++j, b = _mm256_add_epi16(b, x1)) {
      __m256i c = _mm256_sub_epi16(b, x2);
      for (int k = 0; k < 3; ++k, c = _mm256_add_epi16(c, x2), table += 3) {
        table[0] = _mm256_sub_epi16(c, x3);
        table[1] = c;
        table[2] = _mm256_add_epi16(c, x3);
      }
    }
  }
}

// Bytes of four 2-bit codes to entries 0..80. A code 3 counts as 2.
__m256i Entries(__m256i bytes) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m128i pairs = _mm_setr_epi8(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 6, 7, 8, 8);
  const __m256i low = _mm256_broadcastsi128_si256(pairs);
  const __m256i high = _mm256_broadcastsi128_si256(_mm_add_epi8(_mm_slli_epi16(pairs, 3), pairs));
  const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
  return _mm256_add_epi8(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)), _mm256_shuffle_epi8(high, upper));
}

// Weights by row: what TableProduct takes from a matrix. Rows are outputs, blocks are 128 columns.
struct RowSource {
  static constexpr size_t kGroupStep = 1, kColumnStep = 32;  // in columns: from group to group, and within a group
  const TernaryRows& w;

  size_t blocks() const { return w.blocks; }
  float scale() const { return w.scale; }

  // The entries of one block of rows first .. first + rows - 1, sorted by pass.
  void UnpackIndices(size_t block, size_t first, size_t rows, TableScratch& s) const {
    const size_t row_bytes = w.blocks * kTernaryBlockBytes;
    const uint8_t* codes = w.codes + first * row_bytes + block * kTernaryBlockBytes;
    for (size_t r = 0; r < rows; ++r, codes += row_bytes) {
      _mm_prefetch(reinterpret_cast<const char*>(codes + 2 * kTernaryBlockBytes), _MM_HINT_T1);
      const __m256i entries = Entries(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes)));
      const __m128d low = _mm_castsi128_pd(_mm256_castsi256_si128(entries));
      const __m128d high = _mm_castsi128_pd(_mm256_extracti128_si256(entries, 1));
      _mm_storel_pd(reinterpret_cast<double*>(&s.indices[0][r]), low);
      _mm_storeh_pd(reinterpret_cast<double*>(&s.indices[1][r]), low);
      _mm_storel_pd(reinterpret_cast<double*>(&s.indices[2][r]), high);
      _mm_storeh_pd(reinterpret_cast<double*>(&s.indices[3][r]), high);
    }
  }
};

// The vector that byte kGroup of `indices` names. Inline whatever the compiler thinks: the loop over rows is little
// else.
template <int kGroup>
[[gnu::always_inline]] inline __m256i Look(const TableScratch& s, uint64_t indices) {
  constexpr int kLog2Bytes = 5;  // of a vector
  const uint64_t offset =
      (kGroup == 0 ? indices << kLog2Bytes : indices >> (8 * kGroup - kLog2Bytes)) & (255u << kLog2Bytes);
  return *reinterpret_cast<const __m256i*>(reinterpret_cast<const char*>(s.tables[kGroup]) + offset);
}

// Sums of one row over the eight groups of a pass.
[[gnu::always_inline]] inline __m256i LookAll(const TableScratch& s, uint64_t indices) {
  const __m256i even = _mm256_add_epi16(_mm256_add_epi16(Look<0>(s, indices), Look<2>(s, indices)),
                                        _mm256_add_epi16(Look<4>(s, indices), Look<6>(s, indices)));
  const __m256i odd = _mm256_add_epi16(_mm256_add_epi16(Look<1>(s, indices), Look<3>(s, indices)),
                                       _mm256_add_epi16(Look<5>(s, indices), Look<7>(s, indices)));
  return _mm256_add_epi16(even, odd);
}

// One pass of a block: the first sets the narrow sums, the last adds them to the wide ones.
template <class Source, size_t kPass>
void AddPass(TableScratch& s, size_t rows, __m256i (*wide)[2]) {
  const __m256i* const columns = s.columns + kPass * kPassGroups * Source::kGroupStep;
  for (size_t g = 0; g < kPassGroups; ++g) {
    MakeTable<Source::kColumnStep>(columns + g * Source::kGroupStep, s.tables[g]);
  }
  for (size_t r = 0; r < rows; ++r) {
    __m256i sum = LookAll(s, s.indices[kPass][r]);
    if constexpr (kPass > 0) sum = _mm256_add_epi16(sum, s.narrow[r]);
    if constexpr (kPass + 1 < kBlockPasses) {
      s.narrow[r] = sum;
    } else {
      wide[r][0] = _mm256_add_epi32(wide[r][0], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(sum)));
      wide[r][1] = _mm256_add_epi32(wide[r][1], _mm256_cvtepi16_epi32(_mm256_extracti128_si256(sum, 1)));
    }
  }
}

// out[t][r] for eight tokens from t on and eight rows: `wide` holds a row's tokens, `out` a token's rows.
void StoreEight(const __m256i (*wide)[2], size_t half, const float (&factors)[kTableTokens], size_t tokens, float* out,
                size_t out_stride) {
  __m256i rows[8], mixed[8];
  for (int r = 0; r < 8; ++r) rows[r] = wide[r][half];
  for (int i = 0; i < 4; ++i) {
    mixed[2 * i] = _mm256_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
    mixed[2 * i + 1] = _mm256_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
  }
  for (int i = 0; i < 2; ++i) {  // rows[4 i + k]: tokens k and k + 4 of rows 4 i .. 4 i + 3
    for (int k = 0; k < 2; ++k) {
      rows[4 * i + 2 * k] = _mm256_unpacklo_epi64(mixed[4 * i + k], mixed[4 * i + 2 + k]);
      rows[4 * i + 2 * k + 1] = _mm256_unpackhi_epi64(mixed[4 * i + k], mixed[4 * i + 2 + k]);
    }
  }
  for (size_t k = 0; k < 8; ++k) {
    const size_t t = half * 8 + k;
    if (t >= tokens) return;
    const __m256i sums = k < 4 ? _mm256_permute2x128_si256(rows[k], rows[k + 4], 0x20)
                               : _mm256_permute2x128_si256(rows[k - 4], rows[k], 0x31);
    _mm256_storeu_ps(out + t * out_stride, _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_set1_ps(factors[t])));
  }
}

// The outputs of one run of tokens from their int32 sums.
void StoreTile(const __m256i (*wide)[2], size_t rows, const float (&factors)[kTableTokens], size_t tokens, float* out,
               size_t out_stride) {
  size_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    StoreEight(wide + r, 0, factors, tokens, out + r, out_stride);
    if (tokens > 8) StoreEight(wide + r, 1, factors, tokens, out + r, out_stride);
  }
  for (; r < rows; ++r) {
    alignas(32) int32_t sums[kTableTokens];
    for (int half = 0; half < 2; ++half) _mm256_store_si256(reinterpret_cast<__m256i*>(sums) + half, wide[r][half]);
    for (size_t t = 0; t < tokens; ++t) out[t * out_stride + r] = float(sums[t]) * factors[t];
  }
}

// Outputs first .. first + rows - 1, at most kTableRows, for tokens t .. t + tokens - 1, at most kTableTiles runs.
template <class Source>
void TableProduct(const Source& source, const Int8Rows& x, size_t first, size_t rows, size_t t, size_t tokens,
                  float* out, size_t out_stride) {
  auto& s = *static_cast<TableScratch*>(x.scratch);
  const size_t tiles = (tokens + kTableTokens - 1) / kTableTokens;
  for (size_t i = 0; i < tiles; ++i) {
    for (size_t r = 0; r < rows; ++r) s.wide[i][r][0] = s.wide[i][r][1] = _mm256_setzero_si256();
  }
  for (size_t b = 0; b < source.blocks(); ++b) {
    source.UnpackIndices(b, first, rows, s);
    for (size_t i = 0; i < tiles; ++i) {
      const size_t from = i * kTableTokens;
      const int8_t* q = x.values + (t + from) * x.stride + b * kTernaryBlockColumns;
      TransposeBlock(q, x.stride, Smaller(kTableTokens, tokens - from), s.columns);
      AddPass<Source, 0>(s, rows, s.wide[i]);
      AddPass<Source, 1>(s, rows, s.wide[i]);
      AddPass<Source, 2>(s, rows, s.wide[i]);
      AddPass<Source, 3>(s, rows, s.wide[i]);
    }
  }
  for (size_t i = 0; i < tiles; ++i) {
    const size_t from = t + i * kTableTokens, count = Smaller(kTableTokens, tokens - i * kTableTokens);
    float factors[kTableTokens];
    for (size_t k = 0; k < count; ++k) factors[k] = source.scale() / x.scales[from + k];
    StoreTile(s.wide[i], rows, factors, count, out + from * out_stride + first, out_stride);
  }
}

// How many of x's tokens go through tables when there are `outputs` outputs: whole runs, and what is left over from
// them when it is most of a run.
size_t TableTokens(const Int8Rows& x, size_t outputs) {
  if (x.scratch == nullptr || outputs < kTableMinRows) return 0;
  const size_t rest = x.count % kTableTokens;
  return rest >= kTableMinTokens ? x.count : x.count - rest;
}

// The first `tokens` tokens for outputs first .. end - 1. Outputs go in equal runs (a short last one would pay for its
// tables as much as a full one), of a multiple of `unit` outputs.
template <class Source>
void MultiplyByTables(const Source& source, const Int8Rows& x, size_t tokens, size_t first, size_t end, size_t unit,
                      float* out, size_t out_stride) {
  constexpr size_t kPieceTokens = kTableTiles * kTableTokens;
  const size_t runs = (end - first + kTableRows - 1) / kTableRows;
  const size_t run_rows = (end - first + runs * unit - 1) / (runs * unit) * unit;
  for (size_t r = first; r < end; r += run_rows) {
    for (size_t t = 0; t < tokens; t += kPieceTokens) {
      TableProduct(source, x, r, Smaller(run_rows, end - r), t, Smaller(kPieceTokens, tokens - t), out, out_stride);
    }
  }
}

}  // namespace
}  // namespace sterna::kernels
