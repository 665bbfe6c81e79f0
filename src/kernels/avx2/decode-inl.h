// SPDX-License-Identifier: Apache-2.0
//
// Stored rows to floats. Block layouts: docs/formats.md; quant/dequantize.cc is the plain definition. Products are
// exact, and zeros get the sign that (scale * value) gives there.
#pragma once

#include "kernels/avx2/lanes-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

float HalfToFloat(const uint8_t* from) {
  uint16_t half;
  __builtin_memcpy(&half, from, sizeof half);
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}

// 8 signed bytes (low half of a register) times d.
void StoreScaled8(float* out, __m128i bytes, __m256 d) {
  _mm256_storeu_ps(out, _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes))));
}

void StoreScaled16(float* out, __m128i bytes, __m256 d) {
  StoreScaled8(out, bytes, d);
  StoreScaled8(out + 8, _mm_unpackhi_epi64(bytes, bytes), d);
}

__m128i Load16(const uint8_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

// Float16 scale, 32 signed bytes.
void DecodeQ8Block(const uint8_t* block, float* out) {
  const __m256 d = _mm256_set1_ps(HalfToFloat(block));
  StoreScaled16(out, Load16(block + 2), d);
  StoreScaled16(out + 16, Load16(block + 18), d);
}

// Float16 scale, 16 bytes; low halves first, values minus 8.
void DecodeQ4Block(const uint8_t* block, float* out) {
  const __m256 d = _mm256_set1_ps(HalfToFloat(block));
  const __m128i low = _mm_set1_epi8(15), eight = _mm_set1_epi8(8);
  const __m128i pairs = Load16(block + 2);
  StoreScaled16(out, _mm_sub_epi8(_mm_and_si128(pairs, low), eight), d);
  StoreScaled16(out + 16, _mm_sub_epi8(_mm_and_si128(_mm_srli_epi16(pairs, 4), low), eight), d);
}

// 16 where bit i of `bits` is set, for bytes i < 16.
__m128i UpperBits(uint32_t bits) {
  const __m128i which = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const __m128i bit = _mm_set1_epi64x(int64_t(0x8040201008040201));
  const __m128i spread = _mm_shuffle_epi8(_mm_cvtsi32_si128(int(bits)), which);
  return _mm_and_si128(_mm_cmpeq_epi8(_mm_and_si128(spread, bit), bit), _mm_set1_epi8(16));
}

// Float16 scale, 32 upper bits, 16 bytes; low halves first, values minus 16.
void DecodeQ5Block(const uint8_t* block, float* out) {
  const __m256 d = _mm256_set1_ps(HalfToFloat(block));
  const __m128i low = _mm_set1_epi8(15), sixteen = _mm_set1_epi8(16);
  uint32_t upper;
  __builtin_memcpy(&upper, block + 2, sizeof upper);
  const __m128i pairs = Load16(block + 6);
  const __m128i first = _mm_or_si128(_mm_and_si128(pairs, low), UpperBits(upper));
  const __m128i second = _mm_or_si128(_mm_and_si128(_mm_srli_epi16(pairs, 4), low), UpperBits(upper >> 16));
  StoreScaled16(out, _mm_sub_epi8(first, sixteen), d);
  StoreScaled16(out + 16, _mm_sub_epi8(second, sixteen), d);
}

// Scale and minimum, 6 bits each, of one of eight runs of 32 values: runs 0 to 3 have theirs in the lower bits of bytes
// 0 to 3 and 4 to 7, the others four bits of each in bytes 8 to 11 and two in the upper bits of those.
float RunScale(const uint8_t* packed, size_t run) {
  return float(run < 4 ? packed[run] & 63 : (packed[run + 4] & 15) | packed[run - 4] >> 6 << 4);
}
float RunMinimum(const uint8_t* packed, size_t run) {
  return float(run < 4 ? packed[run + 4] & 63 : packed[run + 4] >> 4 | packed[run] >> 6 << 4);
}

// Float16 scale and scale of the minima, 12 bytes of both for each run, then 32 bytes for two runs: low halves first.
void DecodeQ4KBlock(const uint8_t* block, float* out) {
  const float d = HalfToFloat(block), minimum = HalfToFloat(block + 2);
  const __m128i low = _mm_set1_epi8(15);
  for (size_t run = 0; run < 8; ++run) {
    const __m256 scale = _mm256_set1_ps(d * RunScale(block + 4, run));
    const __m256 least = _mm256_set1_ps(minimum * RunMinimum(block + 4, run));
    const __m128i shift = _mm_cvtsi32_si128(run % 2 == 0 ? 0 : 4);
    for (size_t i = 0; i < 32; i += 8) {
      const __m128i pairs = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(block + 16 + run / 2 * 32 + i));
      const __m256i codes = _mm256_cvtepu8_epi32(_mm_and_si128(_mm_srl_epi16(pairs, shift), low));
      _mm256_storeu_ps(out + 32 * run + i, _mm256_sub_ps(_mm256_mul_ps(scale, _mm256_cvtepi32_ps(codes)), least));
    }
  }
}

// 128 bytes of low halves, 64 of upper bit pairs, 16 signed scales, float16 scale. Each half of the block is four runs
// of 32 values; run k uses low bytes 32 (k % 2).., their upper half from run 2 on, and bit pair k of the 32 upper
// bytes.
void DecodeQ6Block(const uint8_t* block, float* out) {
  const float d = HalfToFloat(block + 208);
  for (size_t part = 0; part < 16; ++part, out += 16) {  // 16 values with one scale
    const size_t half = part / 8, run = part % 8 / 2, offset = part % 2 * 16;
    const __m128i low = Load16(block + 64 * half + 32 * (run % 2) + offset);
    const __m128i high = Load16(block + 128 + 32 * half + offset);
    const __m128i lower = _mm_and_si128(_mm_srl_epi16(low, _mm_cvtsi32_si128(run < 2 ? 0 : 4)), _mm_set1_epi8(15));
    const __m128i pair = _mm_and_si128(_mm_srl_epi16(high, _mm_cvtsi32_si128(int(2 * run))), _mm_set1_epi8(3));
    const __m128i q = _mm_sub_epi8(_mm_or_si128(lower, _mm_slli_epi16(pair, 4)), _mm_set1_epi8(32));
    const auto scale = int8_t(block[192 + part]);
    StoreScaled16(out, q, _mm256_set1_ps(d * float(scale)));
  }
}

void StoreTernary(const uint8_t* codes, float d, float* out) {
  for (size_t i = 0; i < kTernaryGroupColumns; i += 16) {
    StoreScaled16(out + i, _mm_sub_epi8(Load16(codes + i), _mm_set1_epi8(1)), _mm256_set1_ps(d));
  }
}

// `bytes` bytes of base-3 digits, ceil(256 T / 243): each multiplication by 3 pushes one digit out at the top.
void DecodeTq1Stretch(const uint8_t* from, size_t bytes, size_t digits, uint8_t* codes) {
  for (size_t i = 0; i < bytes; ++i) {
    unsigned rest = from[i];
    for (size_t n = 0; n < digits; ++n) {
      const unsigned tripled = rest * 3;
      codes[n * bytes + i] = uint8_t(tripled >> 8);
      rest = tripled & 255;
    }
  }
}

// 32 and 16 bytes of five digits, 4 bytes of four, float16 scale.
void DecodeTq1Block(const uint8_t* block, float* out) {
  uint8_t codes[kTernaryGroupColumns];
  DecodeTq1Stretch(block, 32, 5, codes);
  DecodeTq1Stretch(block + 32, 16, 5, codes + 160);
  DecodeTq1Stretch(block + 48, 4, 4, codes + 240);
  StoreTernary(codes, HalfToFloat(block + 52), out);
}

// Twice 32 bytes of four runs of 32 codes, the first run in the lowest bits; float16 scale.
void DecodeTq2Block(const uint8_t* block, float* out) {
  uint8_t codes[kTernaryGroupColumns];
  for (size_t i = 0; i < kTernaryGroupColumns; ++i) {
    codes[i] = (block[i / 128 * 32 + i % 32] >> (2 * (i % 128 / 32))) & 3;
  }
  StoreTernary(codes, HalfToFloat(block + 64), out);
}

// Float16 scale, four codes a byte, the first in the lowest bits; values minus 1.
template <size_t kElements>
void DecodeQ2Block(const uint8_t* block, float* out) {
  const __m256 d = _mm256_set1_ps(HalfToFloat(block));
  for (size_t i = 0; i < kElements; i += 16) {
    uint8_t codes[16];
    for (size_t j = 0; j < 16; ++j) codes[j] = (block[2 + (i + j) / 4] >> (2 * (j % 4))) & 3;
    StoreScaled16(out + i, _mm_sub_epi8(Load16(codes), _mm_set1_epi8(1)), d);
  }
}

// How each block type is stored.
struct BlockFormat {
  size_t elements, bytes;
  void (*decode)(const uint8_t* block, float* out);
};

constexpr BlockFormat kBlockFormats[kDenseTypeCount] = {{1, 4, nullptr},
                                                        {1, 2, nullptr},
                                                        {1, 2, nullptr},
                                                        {32, 34, DecodeQ8Block},
                                                        {256, 210, DecodeQ6Block},
                                                        {32, 18, DecodeQ4Block},
                                                        {256, 54, DecodeTq1Block},
                                                        {256, 66, DecodeTq2Block},
                                                        {32, 22, DecodeQ5Block},
                                                        {256, 144, DecodeQ4KBlock},
                                                        {64, 18, DecodeQ2Block<64>},
                                                        {128, 34, DecodeQ2Block<128>}};

constexpr bool IsPlain(DenseType type) { return type == kDenseF32 || type == kDenseF16 || type == kDenseBF16; }

// Eight values of a plain type from element `at`.
template <DenseType kType>
__m256 LoadPlain(const uint8_t* row, size_t at) {
  if constexpr (kType == kDenseF32) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(row + at * 4));
  } else if constexpr (kType == kDenseF16) {
    return _mm256_cvtph_ps(Load16(row + at * 2));
  } else {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(Load16(row + at * 2)), 16));
  }
}

// The first `count` (below 8) values from element `at`, then zeros; reads no further.
template <DenseType kType>
__m256 LoadPlainFirst(const uint8_t* row, size_t at, size_t count) {
  constexpr size_t kBytes = kType == kDenseF32 ? 4 : 2;
  alignas(32) uint8_t copy[kVector * kBytes] = {};
  __builtin_memcpy(copy, row + at * kBytes, count * kBytes);
  return LoadPlain<kType>(copy, 0);
}

template <DenseType kType>
void DecodeRow(const uint8_t* row, size_t columns, float* out) noexcept {
  if constexpr (IsPlain(kType)) {
    size_t i = 0;
    for (; i + kVector <= columns; i += kVector) _mm256_storeu_ps(out + i, LoadPlain<kType>(row, i));
    if (i < columns) StoreFirst(out + i, columns - i, LoadPlainFirst<kType>(row, i, columns - i));
  } else {
    constexpr BlockFormat kFormat = kBlockFormats[kType];
    for (size_t i = 0; i < columns; i += kFormat.elements, row += kFormat.bytes) kFormat.decode(row, out + i);
  }
}

}  // namespace
}  // namespace sterna::kernels
