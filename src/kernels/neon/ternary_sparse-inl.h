// SPDX-License-Identifier: Apache-2.0
//
// Products that skip zeros: chosen rows, and matrices stored by input. An input's codes for a block of 128 outputs
// become weights -1, 0, 1, which vmlal multiplies by its activation into 16 vectors of int16 sums; 128 inputs of
// magnitude 128 fit.
#pragma once

#include "kernels/neon/ternary-inl.h"

namespace sterna::kernels {
namespace {

constexpr size_t kNarrowInputs = 128;
constexpr size_t kBlockVectors = 16;  // of int16 sums

template <class Tile>
void TernaryListedRows(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t count,
                       float* out) noexcept {
  Int8Rows one = x;
  one.count = 1;
  for (size_t i = 0; i < count; ++i) TernaryOutputs<Tile, 1, 1>(w, one, listed[i], 0, out, 0);
}

// narrow[0], narrow[1] += weight * q for outputs 32 s .. 32 s + 15 (or + 16 .. + 31).
template <int kS>
void AddWeights(uint8x16_t bytes, int8x8_t q, int16x8_t* narrow) {
  const int8x16_t weights = vsubq_s8(vreinterpretq_s8_u8(Codes<kS>(bytes)), vdupq_n_s8(1));
  narrow[0] = vmlal_s8(narrow[0], vget_low_s8(weights), q);
  narrow[1] = vmlal_s8(narrow[1], vget_high_s8(weights), q);
}

// sums[o] += weight * q over `count` inputs and the outputs of one block; input(i) is the i-th input's index.
template <class Input>
void AddColumnBlock(const TernaryColumns& w, size_t block, const int8_t* q, size_t count, Input input, int32_t* sums) {
  for (size_t first = 0; first < count; first += kNarrowInputs) {
    int16x8_t narrow[kBlockVectors];
    for (auto& v : narrow) v = vdupq_n_s16(0);
    const size_t end = Smaller(first + kNarrowInputs, count);
    for (size_t i = first; i < end; ++i) {
      const uint8_t* const codes = w.codes + (input(i) * w.blocks + block) * kTernaryBlockBytes;
      const int8x8_t value = vdup_n_s8(q[input(i)]);
      for (size_t half = 0; half < 2; ++half) {
        const uint8x16_t bytes = vld1q_u8(codes + half * 16);
        AddWeights<0>(bytes, value, narrow + half * 2);
        AddWeights<1>(bytes, value, narrow + 4 + half * 2);
        AddWeights<2>(bytes, value, narrow + 8 + half * 2);
        AddWeights<3>(bytes, value, narrow + 12 + half * 2);
      }
    }
    for (size_t v = 0; v < kBlockVectors; ++v) {
      int32_t* const place = sums + v * 8;
      vst1q_s32(place, vaddw_s16(vld1q_s32(place), vget_low_s16(narrow[v])));
      vst1q_s32(place + 4, vaddw_s16(vld1q_s32(place + 4), vget_high_s16(narrow[v])));
    }
  }
}

void TernaryColumnsAdd(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count,
                       int32_t* sums) noexcept {
  for (size_t b = 0; b < w.blocks; ++b) {
    AddColumnBlock(
        w, b, q, count, [listed](size_t i) { return size_t{listed[i]}; }, sums + b * kTernaryBlockColumns);
  }
}

void TernaryColumnsLinear(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x, float* out,
                          size_t out_stride) noexcept {
  for (size_t t = 0; t < x.count; ++t) {
    const float factor = w.scale / x.scales[t];
    for (size_t b = first_block; b < first_block + blocks; ++b) {
      int32_t sums[kTernaryBlockColumns] = {};
      AddColumnBlock(
          w, b, x.values + t * x.stride, w.inputs, [](size_t i) { return i; }, sums);
      const size_t first = b * kTernaryBlockColumns;
      for (size_t o = 0; o < Smaller(kTernaryBlockColumns, w.outputs - first); ++o) {
        out[t * out_stride + first + o] = float(sums[o]) * factor;
      }
    }
  }
}

size_t ListPositive(const float* x, size_t count, uint32_t* listed) noexcept {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if (x[i] > 0.0f) listed[found++] = uint32_t(i);
  }
  return found;
}

size_t ListNonzero(const int8_t* q, size_t count, uint32_t* listed) noexcept {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if (q[i] != 0) listed[found++] = uint32_t(i);
  }
  return found;
}

}  // namespace
}  // namespace sterna::kernels
