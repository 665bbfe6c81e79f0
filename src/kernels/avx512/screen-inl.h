// SPDX-License-Identifier: Apache-2.0
//
// Products of one code plane of a head with int8 activations. vpdpbusd adds up four columns of a group; such a sum is
// at most 8 * 15 * 128 and so fits 16 bits, and vpdpwssd multiplies it by the group's multiplier and adds it up. Rows
// that follow each other are taken four at a time, for each load of activations serves all of them.
#pragma once

#include "kernels/avx2/screen-inl.h"
#include "kernels/avx512/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

constexpr size_t kScreenRows = 4;               // taken at a time
constexpr size_t kScreenAheadBytes = 8 * 1024;  // of a plane that is read front to back
constexpr size_t kMultiplierGroups = 16;        // groups whose multipliers one register holds

__m256i LoadHalf(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

// The nibble plane: two groups in a register, first the low halves of both, then the high ones.
struct NibblePlane {
  static constexpr size_t kGroupBytes = kScreenNibbleBytes;
  static constexpr size_t kGroups = 2;  // in a register

  // Activations in the order of the codes, two registers for two groups.
  alignas(64) int8_t values[kScreenMaxGroups * kScreenGroupColumns];

  explicit NibblePlane(const ScreenInput& x, size_t groups) {
    for (size_t g = 0; g < groups; g += kGroups) {
      const int8_t* const from = x.values + g * kScreenGroupColumns;
      int8_t* const to = values + g * kScreenGroupColumns;
      for (size_t half = 0; half < kScreenGroupColumns; half += 32) {
        const __m256i next = g + 1 < groups ? LoadHalf(from + kScreenGroupColumns + half) : _mm256_setzero_si256();
        _mm512_store_si512(to + 2 * half, Halves(LoadHalf(from + half), next));
      }
    }
  }

  static __m512i Load(const uint8_t* codes, bool whole) {
    return whole ? _mm512_loadu_si512(codes) : Halves(LoadHalf(codes), _mm256_setzero_si256());
  }
  static __m512i MultiplierPlaces() { return Halves(_mm256_setzero_si256(), _mm256_set1_epi32(1)); }

  __m512i Products(__m512i codes, size_t group) const {
    const __m512i mask = _mm512_set1_epi8(15);
    const int8_t* const q = values + group * kScreenGroupColumns;
    const Int32x16 low = AddProducts(Int32x16{}, _mm512_and_si512(codes, mask), _mm512_load_si512(q));
    return reinterpret_cast<__m512i>(AddProducts(low, _mm512_and_si512(_mm512_srli_epi16(codes, 4), mask),
                                                 _mm512_load_si512(q + kScreenGroupColumns)));
  }
};

// The pair plane: one group in a register, its columns in order.
struct PairPlane {
  static constexpr size_t kGroupBytes = kScreenPairBytes;
  static constexpr size_t kGroups = 1;

  const int8_t* values;

  PairPlane(const ScreenInput& x, size_t) : values(x.values) {}

  static __m512i Load(const uint8_t* codes, bool) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
  }
  static __m512i MultiplierPlaces() { return _mm512_setzero_si512(); }

  __m512i Products(__m512i codes, size_t group) const {
    const __m512i shifts = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    const __m512i columns = _mm512_and_si512(_mm512_srlv_epi32(codes, shifts), _mm512_set1_epi8(3));
    return reinterpret_cast<__m512i>(
        AddProducts(Int32x16{}, columns, _mm512_loadu_si512(values + group * kScreenGroupColumns)));
  }
};

// The sums of a row: of multiplier * (sum of code * value), and lane group % 16 of multiplier * offset. Offsets past
// the groups are 0, and a lane is never -0 there: it starts from +0, and multipliers are not negative.
struct ScreenSums {
  Int32x16 products;
  __m512 offsets;
};

// kAhead: these rows are read front to back, and what lies that many bytes on is prefetched line by line; 0: not.
template <size_t kAhead, size_t kRows, class Plane>
void ScreenRowsOutputs(const ScreenRows& w, const ScreenInput& x, const Plane& plane, const size_t (&rows)[kRows],
                       float* out) {
  ScreenSums sums[kRows] = {};
  for (size_t first = 0; first < w.groups; first += kMultiplierGroups) {
    const size_t end = Smaller(first + kMultiplierGroups, w.groups);
    __m512i multipliers[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      const uint8_t* const from = w.multipliers + rows[r] * w.multiplier_stride + first;
      multipliers[r] = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
      sums[r].offsets =
          _mm512_fmadd_ps(_mm512_cvtepi32_ps(multipliers[r]), _mm512_loadu_ps(x.offsets + first), sums[r].offsets);
    }
    __m512i places = Plane::MultiplierPlaces();
    for (size_t g = first; g < end; g += Plane::kGroups) {
      for (size_t r = 0; r < kRows; ++r) {
        const uint8_t* const codes = w.codes + rows[r] * w.stride + g * Plane::kGroupBytes;
        if constexpr (kAhead > 0) _mm_prefetch(reinterpret_cast<const char*>(codes + kAhead), _MM_HINT_T0);
        const __m512i products = plane.Products(Plane::Load(codes, g + Plane::kGroups <= end), g);
        sums[r].products = reinterpret_cast<Int32x16>(_mm512_dpwssd_epi32(
            reinterpret_cast<__m512i>(sums[r].products), products, _mm512_permutexvar_epi32(places, multipliers[r])));
      }
      places = _mm512_add_epi32(places, _mm512_set1_epi32(Plane::kGroups));
    }
  }
  for (size_t r = 0; r < kRows; ++r) {
    const int32_t sum = SumLanes(reinterpret_cast<__m512i>(sums[r].products));
    out[r] = w.scales[rows[r]] * FusedMultiplyAdd(float(sum), x.factor, TreeSum(sums[r].offsets));
  }
}

void PrefetchCodes(const uint8_t* codes, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(codes + line), _MM_HINT_T0);
  }
}

template <class Plane>
void ScreenFollowing(const ScreenRows& w, const ScreenInput& x, const Plane& plane, size_t count, float* out) {
  size_t i = 0;
  for (; i + kScreenRows <= count; i += kScreenRows) {
    const size_t rows[kScreenRows] = {i, i + 1, i + 2, i + 3};
    ScreenRowsOutputs<kScreenAheadBytes>(w, x, plane, rows, out + i);
  }
  for (; i < count; ++i) ScreenRowsOutputs<0>(w, x, plane, {i}, out + i);
}

template <class Plane>
void ScreenListed(const ScreenRows& w, const ScreenInput& x, const Plane& plane, const uint32_t* rows, size_t count,
                  float* out) {
  constexpr size_t kRowsAhead = 3;
  const size_t row_bytes = w.groups * Plane::kGroupBytes;
  for (size_t i = 0; i < count; ++i) {
    if (i + kRowsAhead < count) PrefetchCodes(w.codes + rows[i + kRowsAhead] * w.stride, row_bytes);
    ScreenRowsOutputs<0>(w, x, plane, {rows[i]}, out + i);
  }
}

template <class Plane>
void Screen(const ScreenRows& w, const ScreenInput& x, const uint32_t* rows, size_t count, float* out) noexcept {
  const Plane plane(x, w.groups);
  if (rows == nullptr) {
    ScreenFollowing(w, x, plane, count, out);
  } else {
    ScreenListed(w, x, plane, rows, count, out);
  }
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
