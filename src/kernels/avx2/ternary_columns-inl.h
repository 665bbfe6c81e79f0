// SPDX-License-Identifier: Apache-2.0
//
// Matrices stored by input, a list of inputs at a time (decode). Two inputs a, b are interleaved byte by byte, so that
// each byte pair holds the codes of one output; vpmaddubsw with the pair (q_a, q_b) then gives 16 outputs' sums in
// int16. One result lies in [-512, 508]: 64 pairs fit int16 exactly, as in ternary-inl.h.
#pragma once

#include "kernels/avx2/ternary-inl.h"

namespace sterna::kernels {
namespace {

constexpr size_t kColumnPairs = 4;    // pairs of inputs that share a load and a store of the int16 sums
constexpr size_t kNarrowPairs = 64;   // pairs whose int16 sums cannot overflow
constexpr size_t kColumnBlocks = 32;  // blocks of 128 outputs whose int16 sums lie on the stack (8 KB)
constexpr size_t kBlockVectors = 8;   // vectors of int16 sums of a block, two for each 32 outputs
constexpr size_t kNarrowLanes = 16;   // int16 in a vector

// The inputs of a run, in pairs; a missing one is some other with q = 0.
struct ColumnGroup {
  const uint8_t* first[kColumnPairs];
  const uint8_t* second[kColumnPairs];
  __m256i q[kColumnPairs];  // (q of first, q of second) in every int16
};

ColumnGroup GroupOf(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count) {
  const size_t line_bytes = w.blocks * kTernaryBlockBytes;
  const auto input = [&](size_t i) { return listed[i < count ? i : 0]; };
  const auto value = [&](size_t i) { return i < count ? uint16_t(uint8_t(q[listed[i]])) : uint16_t{0}; };
  ColumnGroup group;
  for (size_t p = 0; p < kColumnPairs; ++p) {
    group.first[p] = w.codes + input(2 * p) * line_bytes;
    group.second[p] = w.codes + input(2 * p + 1) * line_bytes;
    group.q[p] = _mm256_set1_epi16(int16_t(value(2 * p) | value(2 * p + 1) << 8));
  }
  return group;
}

void PrefetchGroup(const ColumnGroup& group, size_t offset) {
  for (size_t p = 0; p < kColumnPairs; ++p) {
    _mm_prefetch(reinterpret_cast<const char*>(group.first[p] + offset), _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(group.second[p] + offset), _MM_HINT_T0);
  }
}

// sum[2 s], sum[2 s + 1]: outputs 32 s + {0..7, 16..23} and 32 s + {8..15, 24..31} of a block.
void AddPair(__m256i a, __m256i b, __m256i q, __m256i (&sum)[kBlockVectors]) {
  const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
  const auto add = [&](__m256i& into, __m256i codes) {
    into = _mm256_add_epi16(into, _mm256_maddubs_epi16(codes, q));
    Pin(into);
  };
  add(sum[0], Codes<0>(low)), add(sum[1], Codes<0>(high));
  add(sum[2], Codes<1>(low)), add(sum[3], Codes<1>(high));
  add(sum[4], Codes<2>(low)), add(sum[5], Codes<2>(high));
  add(sum[6], Codes<3>(low)), add(sum[7], Codes<3>(high));
}

// Adds a group's products for `blocks` blocks from `offset` bytes on; `next` is prefetched meanwhile.
void AddColumnGroup(const ColumnGroup& group, const ColumnGroup& next, size_t offset, size_t blocks, __m256i* narrow) {
  for (size_t b = 0; b < blocks; ++b, offset += kTernaryBlockBytes, narrow += kBlockVectors) {
    if (b % 2 == 0) PrefetchGroup(next, offset);  // 64-byte lines
    __m256i sum[kBlockVectors];
    for (size_t v = 0; v < kBlockVectors; ++v) sum[v] = narrow[v];
    for (size_t p = 0; p < kColumnPairs; ++p) {
      AddPair(LoadBytes(group.first[p] + offset), LoadBytes(group.second[p] + offset), group.q[p], sum);
    }
    for (size_t v = 0; v < kBlockVectors; ++v) narrow[v] = sum[v];
  }
}

void AddWide(__m128i narrow, __m256i q_sum, int32_t* sums) {
  auto* const place = reinterpret_cast<__m256i*>(sums);
  const __m256i wide = _mm256_sub_epi32(_mm256_cvtepi16_epi32(narrow), q_sum);
  _mm256_storeu_si256(place, _mm256_add_epi32(_mm256_loadu_si256(place), wide));
}

// sums[o] += narrow - q_sum for the 32 outputs of two vectors, put back in order.
void WidenColumns(__m256i low, __m256i high, __m256i q_sum, int32_t* sums) {
  AddWide(_mm256_castsi256_si128(low), q_sum, sums);
  AddWide(_mm256_castsi256_si128(high), q_sum, sums + 8);
  AddWide(_mm256_extracti128_si256(low, 1), q_sum, sums + 16);
  AddWide(_mm256_extracti128_si256(high, 1), q_sum, sums + 24);
}

// Up to 2 * kNarrowPairs inputs over up to kColumnBlocks blocks.
void AddColumnRun(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count, size_t first_block,
                  size_t blocks, int32_t* sums) {
  constexpr size_t kInputs = 2 * kColumnPairs;
  __m256i narrow[kColumnBlocks * kBlockVectors];
  for (size_t v = 0; v < blocks * kBlockVectors; ++v) narrow[v] = _mm256_setzero_si256();
  const size_t offset = first_block * kTernaryBlockBytes;
  ColumnGroup group = GroupOf(w, q, listed, Smaller(count, kInputs));
  for (size_t line = 0; line < blocks * kTernaryBlockBytes; line += 64) PrefetchGroup(group, offset + line);
  for (size_t i = 0; i < count; i += kInputs) {
    const size_t later = i + kInputs;
    const ColumnGroup next = later < count ? GroupOf(w, q, listed + later, Smaller(count - later, kInputs)) : group;
    AddColumnGroup(group, next, offset, blocks, narrow);
    group = next;
  }
  int32_t q_sum = 0;
  for (size_t i = 0; i < count; ++i) q_sum += q[listed[i]];
  for (size_t pair = 0; pair < blocks * kBlockVectors / 2; ++pair) {
    WidenColumns(narrow[2 * pair], narrow[2 * pair + 1], _mm256_set1_epi32(q_sum), sums + pair * 2 * kNarrowLanes);
  }
}

void TernaryColumnsAdd(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count,
                       int32_t* sums) noexcept {
  for (size_t i = 0; i < count; i += 2 * kNarrowPairs) {
    const size_t run = Smaller(count - i, 2 * kNarrowPairs);
    for (size_t b = 0; b < w.blocks; b += kColumnBlocks) {
      AddColumnRun(w, q, listed + i, run, b, Smaller(w.blocks - b, kColumnBlocks), sums + b * kTernaryBlockColumns);
    }
  }
}

}  // namespace
}  // namespace sterna::kernels
