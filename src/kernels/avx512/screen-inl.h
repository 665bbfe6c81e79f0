// SPDX-License-Identifier: Apache-2.0
//
// Products of one code plane of a head with int8 activations. vpdpbusd adds up four columns of a group; such a sum is
// at most 8 * 15 * 128 and so fits 16 bits, and vpdpwssd multiplies it by the group's multiplier and adds it up. What
// is loaded serves rows that follow each other, or inputs, together.
#pragma once

#include "kernels/avx2/screen-inl.h"
#include "kernels/avx512/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

constexpr size_t kScreenAheadBytes = 8 * 1024;  // of a plane that is read front to back
constexpr size_t kMultiplierGroups = 16;        // groups whose multipliers one register holds
constexpr size_t kMostInputs = 4;               // that share what is loaded of a plane

__m256i LoadHalf(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

// The nibble plane: two groups in a register, first the low halves of both, then the high ones.
struct NibblePlane {
  static constexpr size_t kGroupBytes = kScreenNibbleBytes;
  static constexpr size_t kGroups = 2;  // in a register

  struct Codes {
    __m512i low, high;
  };

  // Activations in the order of the codes, two registers for two groups.
  alignas(64) int8_t values[kScreenMaxGroups * kScreenGroupColumns];

  void Set(const ScreenInput& x, size_t groups) {
    for (size_t g = 0; g < groups; g += kGroups) {
      const int8_t* const from = x.values + g * kScreenGroupColumns;
      int8_t* const to = values + g * kScreenGroupColumns;
      for (size_t half = 0; half < kScreenGroupColumns; half += 32) {
        const __m256i next = g + 1 < groups ? LoadHalf(from + kScreenGroupColumns + half) : _mm256_setzero_si256();
        _mm512_store_si512(to + 2 * half, Halves(LoadHalf(from + half), next));
      }
    }
  }

  static Codes Load(const uint8_t* from, bool whole) {
    const __m512i mask = _mm512_set1_epi8(15);
    const __m512i codes = whole ? _mm512_loadu_si512(from) : Halves(LoadHalf(from), _mm256_setzero_si256());
    return {_mm512_and_si512(codes, mask), _mm512_and_si512(_mm512_srli_epi16(codes, 4), mask)};
  }
  static __m512i MultiplierPlaces() { return Halves(_mm256_setzero_si256(), _mm256_set1_epi32(1)); }

  __m512i Products(const Codes& codes, size_t group) const {
    const int8_t* const q = values + group * kScreenGroupColumns;
    const Int32x16 low = AddProducts(Int32x16{}, codes.low, _mm512_load_si512(q));
    return reinterpret_cast<__m512i>(AddProducts(low, codes.high, _mm512_load_si512(q + kScreenGroupColumns)));
  }
};

// The pair plane: one group in a register, its columns in order.
struct PairPlane {
  static constexpr size_t kGroupBytes = kScreenPairBytes;
  static constexpr size_t kGroups = 1;

  using Codes = __m512i;

  const int8_t* values;

  void Set(const ScreenInput& x, size_t) { values = x.values; }

  static Codes Load(const uint8_t* from, bool) {
    const __m512i shifts = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    const __m512i all = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    return _mm512_and_si512(_mm512_srlv_epi32(all, shifts), _mm512_set1_epi8(3));
  }
  static __m512i MultiplierPlaces() { return _mm512_setzero_si512(); }

  __m512i Products(Codes codes, size_t group) const {
    return reinterpret_cast<__m512i>(
        AddProducts(Int32x16{}, codes, _mm512_loadu_si512(values + group * kScreenGroupColumns)));
  }
};

// The sum over groups of multiplier * offset: lane group % 16. Offsets past the groups are 0, and a lane is never -0
// there: it starts from +0, and multipliers are not negative.
float ScreenOffsets(const uint8_t* multipliers, const float* offsets, size_t groups) {
  __m512 sums = _mm512_setzero_ps();
  for (size_t g = 0; g < groups; g += kMultiplierGroups) {
    const __m512i m = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(multipliers + g)));
    sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(m), _mm512_loadu_ps(offsets + g), sums);
  }
  return TreeSum(sums);
}

// Output `at + r` of each input is that of rows[r]. kAhead: these rows are read front to back, and what lies that many
// bytes on is prefetched line by line; 0: not.
template <size_t kAhead, size_t kRows, size_t kInputs, class Plane>
void ScreenRowsOutputs(const ScreenRows& w, const ScreenInput* x, const Plane* planes, const size_t (&rows)[kRows],
                       size_t at) {
  Int32x16 sums[kRows][kInputs] = {};
  for (size_t first = 0; first < w.groups; first += kMultiplierGroups) {
    const size_t end = Smaller(first + kMultiplierGroups, w.groups);
    __m512i multipliers[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      const uint8_t* const from = w.multipliers + rows[r] * w.multiplier_stride + first;
      multipliers[r] = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    }
    __m512i places = Plane::MultiplierPlaces();
    for (size_t g = first; g < end; g += Plane::kGroups) {
      for (size_t r = 0; r < kRows; ++r) {
        const uint8_t* const from = w.codes + rows[r] * w.stride + g * Plane::kGroupBytes;
        if constexpr (kAhead > 0) _mm_prefetch(reinterpret_cast<const char*>(from + kAhead), _MM_HINT_T0);
        const auto codes = Plane::Load(from, g + Plane::kGroups <= end);
        const __m512i multiplier = _mm512_permutexvar_epi32(places, multipliers[r]);
        for (size_t i = 0; i < kInputs; ++i) {
          sums[r][i] = reinterpret_cast<Int32x16>(
              _mm512_dpwssd_epi32(reinterpret_cast<__m512i>(sums[r][i]), planes[i].Products(codes, g), multiplier));
        }
      }
      places = _mm512_add_epi32(places, _mm512_set1_epi32(Plane::kGroups));
    }
  }
  for (size_t r = 0; r < kRows; ++r) {
    const uint8_t* const multipliers = w.multipliers + rows[r] * w.multiplier_stride;
    for (size_t i = 0; i < kInputs; ++i) {
      const float sum = float(SumLanes(reinterpret_cast<__m512i>(sums[r][i])));
      const float offsets = ScreenOffsets(multipliers, x[i].offsets, w.groups);
      x[i].out[at + r] = w.scales[rows[r]] * FusedMultiplyAdd(sum, x[i].factor, offsets);
    }
  }
}

void PrefetchCodes(const uint8_t* codes, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(codes + line), _MM_HINT_T0);
  }
}

template <size_t kInputs, class Plane>
void ScreenFollowing(const ScreenRows& w, const ScreenInput* x, const Plane* planes, size_t count) {
  constexpr size_t kRows = kInputs == 1 ? 4 : 2;  // with the inputs, 4 to 8 sums under way
  size_t i = 0;
  for (; i + kRows <= count; i += kRows) {
    size_t rows[kRows];
    for (size_t r = 0; r < kRows; ++r) rows[r] = i + r;
    ScreenRowsOutputs<kScreenAheadBytes, kRows, kInputs>(w, x, planes, rows, i);
  }
  for (; i < count; ++i) ScreenRowsOutputs<0, 1, kInputs>(w, x, planes, {i}, i);
}

template <class Plane>
void ScreenListed(const ScreenRows& w, const ScreenInput& x, const Plane& plane, const uint32_t* rows, size_t count) {
  constexpr size_t kRowsAhead = 3;
  const size_t row_bytes = w.groups * Plane::kGroupBytes;
  for (size_t i = 0; i < count; ++i) {
    if (i + kRowsAhead < count) PrefetchCodes(w.codes + rows[i + kRowsAhead] * w.stride, row_bytes);
    ScreenRowsOutputs<0, 1, 1>(w, &x, &plane, {rows[i]}, i);
  }
}

template <class Plane>
void Screen(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows, size_t count) noexcept {
  constexpr decltype(&ScreenFollowing<1, Plane>) kFollowing[kMostInputs] = {
      ScreenFollowing<1, Plane>, ScreenFollowing<2, Plane>, ScreenFollowing<3, Plane>, ScreenFollowing<4, Plane>};
  Plane planes[kMostInputs];
  for (size_t i = 0; i < inputs; i += kMostInputs) {
    const size_t some = Smaller(kMostInputs, inputs - i);
    for (size_t k = 0; k < some; ++k) planes[k].Set(x[i + k], w.groups);
    if (rows == nullptr) {
      kFollowing[some - 1](w, x + i, planes, count);
    } else {
      for (size_t k = 0; k < some; ++k) ScreenListed(w, x[i + k], planes[k], rows, count);
    }
  }
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
