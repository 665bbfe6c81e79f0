// SPDX-License-Identifier: Apache-2.0
//
// Stored rows to floats. Block layouts: docs/formats.md; quant/dequantize.cc is the plain definition. Products are
// exact, and zeros get the sign that (scale * value) gives there.
#pragma once

#include "kernels/neon/lanes-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

float HalfToFloat(const uint8_t* from) {
  uint16_t half;
  __builtin_memcpy(&half, from, sizeof half);
  return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half))), 0);
}

// 8 numbers times d.
void StoreScaled8(float* out, int16x8_t values, float32x4_t d) {
  vst1q_f32(out, vmulq_f32(d, vcvtq_f32_s32(vmovl_s16(vget_low_s16(values)))));
  vst1q_f32(out + 4, vmulq_f32(d, vcvtq_f32_s32(vmovl_high_s16(values))));
}

void StoreScaled16(float* out, int8x16_t bytes, float32x4_t d) {
  StoreScaled8(out, vmovl_s8(vget_low_s8(bytes)), d);
  StoreScaled8(out + 8, vmovl_high_s8(bytes), d);
}

int8x16_t LessBy(uint8x16_t bytes, int8_t offset) { return vsubq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(offset)); }

// Float16 scale, 32 signed bytes.
void DecodeQ8Block(const uint8_t* block, float* out) {
  const float32x4_t d = vdupq_n_f32(HalfToFloat(block));
  StoreScaled16(out, vreinterpretq_s8_u8(vld1q_u8(block + 2)), d);
  StoreScaled16(out + 16, vreinterpretq_s8_u8(vld1q_u8(block + 18)), d);
}

// Float16 scale, 16 bytes; low halves first, values minus 8.
void DecodeQ4Block(const uint8_t* block, float* out) {
  const float32x4_t d = vdupq_n_f32(HalfToFloat(block));
  const uint8x16_t pairs = vld1q_u8(block + 2);
  StoreScaled16(out, LessBy(vandq_u8(pairs, vdupq_n_u8(15)), 8), d);
  StoreScaled16(out + 16, LessBy(vshrq_n_u8(pairs, 4), 8), d);
}

// 16 where bit i of `bits` is set, for bytes i < 16.
uint8x16_t UpperBits(uint32_t bits) {
  const uint8x16_t spread = vcombine_u8(vdup_n_u8(uint8_t(bits)), vdup_n_u8(uint8_t(bits >> 8)));
  const uint8x8_t bit = vcreate_u8(0x8040201008040201);
  return vandq_u8(vtstq_u8(spread, vcombine_u8(bit, bit)), vdupq_n_u8(16));
}

// Float16 scale, 32 upper bits, 16 bytes; low halves first, values minus 16.
void DecodeQ5Block(const uint8_t* block, float* out) {
  const float32x4_t d = vdupq_n_f32(HalfToFloat(block));
  uint32_t upper;
  __builtin_memcpy(&upper, block + 2, sizeof upper);
  const uint8x16_t pairs = vld1q_u8(block + 6);
  StoreScaled16(out, LessBy(vorrq_u8(vandq_u8(pairs, vdupq_n_u8(15)), UpperBits(upper)), 16), d);
  StoreScaled16(out + 16, LessBy(vorrq_u8(vshrq_n_u8(pairs, 4), UpperBits(upper >> 16)), 16), d);
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
  for (size_t run = 0; run < 8; ++run) {
    const float32x4_t scale = vdupq_n_f32(d * RunScale(block + 4, run));
    const float32x4_t least = vdupq_n_f32(minimum * RunMinimum(block + 4, run));
    const int8x8_t shift = vdup_n_s8(run % 2 == 0 ? 0 : -4);
    for (size_t i = 0; i < 32; i += 8) {
      const uint8x8_t pairs = vld1_u8(block + 16 + run / 2 * 32 + i);
      const uint16x8_t codes = vmovl_u8(vand_u8(vshl_u8(pairs, shift), vdup_n_u8(15)));
      const float32x4_t first = vmulq_f32(scale, vcvtq_f32_u32(vmovl_u16(vget_low_u16(codes))));
      const float32x4_t second = vmulq_f32(scale, vcvtq_f32_u32(vmovl_high_u16(codes)));
      vst1q_f32(out + 32 * run + i, vsubq_f32(first, least));
      vst1q_f32(out + 32 * run + i + 4, vsubq_f32(second, least));
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
    const uint8x16_t low = vld1q_u8(block + 64 * half + 32 * (run % 2) + offset);
    const uint8x16_t high = vld1q_u8(block + 128 + 32 * half + offset);
    const uint8x16_t lower = vandq_u8(vshlq_u8(low, vdupq_n_s8(run < 2 ? 0 : -4)), vdupq_n_u8(15));
    const uint8x16_t pair = vandq_u8(vshlq_u8(high, vdupq_n_s8(int8_t(-2 * int(run)))), vdupq_n_u8(3));
    const auto scale = int8_t(block[192 + part]);
    StoreScaled16(out, LessBy(vorrq_u8(lower, vshlq_n_u8(pair, 4)), 32), vdupq_n_f32(d * float(scale)));
  }
}

void StoreTernary(const uint8_t* codes, float d, float* out) {
  for (size_t i = 0; i < kTernaryGroupColumns; i += 16) {
    StoreScaled16(out + i, LessBy(vld1q_u8(codes + i), 1), vdupq_n_f32(d));
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
  const float32x4_t d = vdupq_n_f32(HalfToFloat(block + 64));
  for (size_t i = 0; i < kTernaryGroupColumns; i += 16) {
    const uint8x16_t bytes = vld1q_u8(block + i / 128 * 32 + i % 32);
    const uint8x16_t codes = vandq_u8(vshlq_u8(bytes, vdupq_n_s8(int8_t(-2 * int(i % 128 / 32)))), vdupq_n_u8(3));
    StoreScaled16(out + i, LessBy(codes, 1), d);
  }
}

// Float16 scale, four codes a byte, the first in the lowest bits; values minus 1.
template <size_t kElements>
void DecodeQ2Block(const uint8_t* block, float* out) {
  const float32x4_t d = vdupq_n_f32(HalfToFloat(block));
  for (size_t i = 0; i < kElements; i += 16) {
    uint8_t codes[16];
    for (size_t j = 0; j < 16; ++j) codes[j] = (block[2 + (i + j) / 4] >> (2 * (j % 4))) & 3;
    StoreScaled16(out + i, LessBy(vld1q_u8(codes), 1), d);
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

// Four values of a plain type from element `at`. Rows of stored bytes need not be aligned to their elements.
template <DenseType kType>
float32x4_t LoadPlain(const uint8_t* row, size_t at) {
  if constexpr (kType == kDenseF32) {
    return vreinterpretq_f32_u8(vld1q_u8(row + at * 4));
  } else if constexpr (kType == kDenseF16) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(row + at * 2)));
  } else {
    return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(row + at * 2)), 16));
  }
}

// The first `count` (1..4) values from element `at`, then zeros; reads no further.
template <DenseType kType>
float32x4_t LoadPlainFirst(const uint8_t* row, size_t at, size_t count) {
  constexpr size_t kBytes = kType == kDenseF32 ? 4 : 2;
  uint8_t copy[kVector * kBytes] = {};
  for (size_t i = 0; i < count * kBytes; ++i) copy[i] = row[at * kBytes + i];
  return LoadPlain<kType>(copy, 0);
}

template <DenseType kType>
void DecodeRow(const uint8_t* row, size_t columns, float* out) noexcept {
  if constexpr (IsPlain(kType)) {
    size_t i = 0;
    for (; i + kVector <= columns; i += kVector) vst1q_f32(out + i, LoadPlain<kType>(row, i));
    if (i < columns) StoreFirst(out + i, columns - i, LoadPlainFirst<kType>(row, i, columns - i));
  } else {
    constexpr BlockFormat kFormat = kBlockFormats[kType];
    for (size_t i = 0; i < columns; i += kFormat.elements, row += kFormat.bytes) kFormat.decode(row, out + i);
  }
}

}  // namespace
}  // namespace sterna::kernels
