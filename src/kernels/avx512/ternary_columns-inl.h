// SPDX-License-Identifier: Apache-2.0
//
// Matrices stored by input, a list of inputs at a time (decode). Four inputs are interleaved byte by byte, so that an
// int32 lane holds the codes of one output for all four, and vpdpbusd with their activations adds to that output's sum.
// As in ternary-inl.h the codes stay where they are stored and count 64, 16, 4 or 1 fold until the end.
#pragma once

#include "kernels/avx512/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

constexpr size_t kColumnInputs = 8;     // inputs that share a load and a store of the sums
constexpr size_t kRunInputs = 1 << 16;  // inputs whose sums fit: 2^16 * 64 * 2 * 128 = 2^30
constexpr size_t kRunBlocks = 32;       // blocks of 128 outputs whose sums lie on the stack (16 KB)
constexpr size_t kPairSums = 16;        // registers of sums of a pair of blocks

// Lines of codes, and activations of four inputs in every int32. A missing input is some other with q = 0.
struct ColumnInputs {
  const uint8_t* codes[kColumnInputs];
  __m512i q[kColumnInputs / 4];
};

ColumnInputs InputsOf(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count) {
  ColumnInputs inputs;
  for (size_t g = 0; g < kColumnInputs / 4; ++g) {
    uint32_t four = 0;
    for (size_t i = 4 * g; i < 4 * g + 4; ++i) {
      const uint32_t input = listed[i < count ? i : 0];
      inputs.codes[i] = w.codes + input * w.blocks * kTernaryBlockBytes;
      if (i < count) four |= uint32_t(uint8_t(q[input])) << (i % 4 * 8);
    }
    inputs.q[g] = _mm512_set1_epi32(int32_t(four));
  }
  return inputs;
}

void PrefetchInputs(const ColumnInputs& inputs, size_t offset) {
  for (const uint8_t* line : inputs.codes) _mm_prefetch(reinterpret_cast<const char*>(line + offset), _MM_HINT_T0);
}

// Two blocks, or one and zeros.
template <bool kTwo>
__m512i LoadBlocks(const uint8_t* from) {
  if constexpr (kTwo) return _mm512_loadu_si512(from);
  return Halves(LoadBytes(from), _mm256_setzero_si256());
}

// Adds the products of four inputs. sum[4 s + v], lane 4 l + k: output 32 s + 16 (l % 2) + 4 v + k of block l / 2.
template <bool kTwo>
[[gnu::always_inline]] inline void AddFour(const uint8_t* const* codes, size_t offset, __m512i q,
                                           Int32x16 (&sum)[kPairSums]) {
  const __m512i a = LoadBlocks<kTwo>(codes[0] + offset), b = LoadBlocks<kTwo>(codes[1] + offset);
  const __m512i c = LoadBlocks<kTwo>(codes[2] + offset), d = LoadBlocks<kTwo>(codes[3] + offset);
  const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
  const __m512i fours[4] = {_mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
                            _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)};
  Unrolled<4>([&](size_t s) {
    const __m512i place = _mm512_set1_epi8(char(0xc0 >> (2 * s)));
    for (size_t v = 0; v < 4; ++v) {
      sum[4 * s + v] = AddProducts(sum[4 * s + v], _mm512_and_si512(fours[v], place), q);
    }
  });
}

template <bool kTwo>
void AddToBlocks(const ColumnInputs& inputs, size_t offset, Int32x16* sums) {
  Int32x16 sum[kPairSums];
  Unrolled<kPairSums>([&](size_t i) { sum[i] = sums[i]; });
  for (size_t g = 0; g < kColumnInputs / 4; ++g) AddFour<kTwo>(inputs.codes + 4 * g, offset, inputs.q[g], sum);
  Unrolled<kPairSums>([&](size_t i) { sums[i] = sum[i]; });
}

// Adds the inputs' products for `blocks` blocks from `offset` bytes on; `next` is prefetched meanwhile.
void AddInputs(const ColumnInputs& inputs, const ColumnInputs& next, size_t offset, size_t blocks, Int32x16* sums) {
  size_t b = 0;
  for (; b + 2 <= blocks; b += 2, offset += 2 * kTernaryBlockBytes, sums += kPairSums) {
    PrefetchInputs(next, offset);
    AddToBlocks<true>(inputs, offset, sums);
  }
  if (b == blocks) return;
  PrefetchInputs(next, offset);
  AddToBlocks<false>(inputs, offset, sums);
}

// sums[o] += what the registers hold, less the sum of q, for one or two blocks.
void FoldColumns(const Int32x16* held, size_t blocks, int32_t q_sum, int32_t* sums) {
  for (size_t i = 0; i < kPairSums; ++i) {
    const size_t s = i / 4, v = i % 4;
    const __m512i plain = _mm512_srav_epi32(reinterpret_cast<__m512i>(held[i]), _mm512_set1_epi32(int(6 - 2 * s)));
    alignas(64) int32_t lanes[16];
    _mm512_store_si512(lanes, _mm512_sub_epi32(plain, _mm512_set1_epi32(q_sum)));
    for (size_t l = 0; l < 2 * blocks; ++l) {
      int32_t* const to = sums + l / 2 * kTernaryBlockColumns + 32 * s + 16 * (l % 2) + 4 * v;
      auto* const place = reinterpret_cast<__m128i*>(to);
      const __m128i added = _mm_load_si128(reinterpret_cast<const __m128i*>(lanes + 4 * l));
      _mm_storeu_si128(place, _mm_add_epi32(_mm_loadu_si128(place), added));
    }
  }
}

// Up to kRunInputs inputs over up to kRunBlocks blocks.
void AddColumnRun(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count, size_t first_block,
                  size_t blocks, int32_t* sums) {
  Int32x16 held[kRunBlocks / 2 * kPairSums];
  for (size_t i = 0; i < (blocks + 1) / 2 * kPairSums; ++i) held[i] = Int32x16{};
  const size_t offset = first_block * kTernaryBlockBytes;
  ColumnInputs inputs = InputsOf(w, q, listed, Smaller(count, kColumnInputs));
  for (size_t line = 0; line < blocks * kTernaryBlockBytes; line += 64) PrefetchInputs(inputs, offset + line);
  int32_t q_sum = 0;
  for (size_t i = 0; i < count; ++i) q_sum += q[listed[i]];
  for (size_t i = 0; i < count; i += kColumnInputs) {
    const size_t later = i + kColumnInputs;
    const ColumnInputs next =
        later < count ? InputsOf(w, q, listed + later, Smaller(count - later, kColumnInputs)) : inputs;
    AddInputs(inputs, next, offset, blocks, held);
    inputs = next;
  }
  for (size_t b = 0; b < blocks; b += 2) {
    FoldColumns(held + b / 2 * kPairSums, Smaller(blocks - b, 2), q_sum, sums + b * kTernaryBlockColumns);
  }
}

void TernaryColumnsAdd(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count,
                       int32_t* sums) noexcept {
  for (size_t i = 0; i < count; i += kRunInputs) {
    for (size_t b = 0; b < w.blocks; b += kRunBlocks) {
      AddColumnRun(w, q, listed + i, Smaller(count - i, kRunInputs), b, Smaller(w.blocks - b, kRunBlocks),
                   sums + b * kTernaryBlockColumns);
    }
  }
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
