// SPDX-License-Identifier: Apache-2.0
//
// Matrices stored by input through tables of sums (ternary_tables-inl.h). A group is four neighbouring inputs; their
// 2-bit codes are transposed, so that a byte again holds one output's codes of the group.
#pragma once

#include "kernels/avx2/ternary_tables-inl.h"

namespace sterna::kernels {
namespace {

// Four inputs' bytes (each four outputs) to four outputs' bytes (each four inputs), first in the top bits.
void TransposeFields(__m256i (&v)[4]) {
  const __m256i low = _mm256_set1_epi8(0x0f), even = _mm256_set1_epi8(0x33);
  const auto mix = [](__m256i mask, __m256i there, __m256i elsewhere) {
    return _mm256_or_si256(_mm256_andnot_si256(mask, elsewhere), _mm256_and_si256(mask, there));
  };
  // Fields of v by input: a0 a1 c0 c1, b0 b1 d0 d1, a2 a3 c2 c3, b2 b3 d2 d3.
  const __m256i ac = mix(low, _mm256_srli_epi16(v[2], 4), v[0]), bd = mix(low, _mm256_srli_epi16(v[3], 4), v[1]);
  const __m256i ac2 = mix(low, v[2], _mm256_slli_epi16(v[0], 4)), bd2 = mix(low, v[3], _mm256_slli_epi16(v[1], 4));
  v[0] = mix(even, _mm256_srli_epi16(bd, 2), ac);
  v[1] = mix(even, bd, _mm256_slli_epi16(ac, 2));
  v[2] = mix(even, _mm256_srli_epi16(bd2, 2), ac2);
  v[3] = mix(even, bd2, _mm256_slli_epi16(ac2, 2));
}

// Interleaves the bytes of groups[g] with those of groups[g + 4]. Three times over, that puts the eight bytes of an
// output side by side: outputs 2 i and 2 i + 1 of the lower 16 in the lower half of groups[i], of the upper 16 in the
// upper half.
void InterleaveGroups(__m256i (&groups)[kPassGroups]) {
  __m256i mixed[kPassGroups];
  for (size_t i = 0; i < kPassGroups / 2; ++i) {
    mixed[2 * i] = _mm256_unpacklo_epi8(groups[i], groups[i + kPassGroups / 2]);
    mixed[2 * i + 1] = _mm256_unpackhi_epi8(groups[i], groups[i + kPassGroups / 2]);
  }
  for (size_t i = 0; i < kPassGroups; ++i) groups[i] = mixed[i];
}

// Entries of 32 outputs for the groups of a pass.
void StoreEntries(__m256i (&groups)[kPassGroups], uint64_t* indices) {
  for (int round = 0; round < 3; ++round) InterleaveGroups(groups);
  for (size_t i = 0; i < kPassGroups; ++i) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(indices + 2 * i), _mm256_castsi256_si128(groups[i]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(indices + 16 + 2 * i), _mm256_extracti128_si256(groups[i], 1));
  }
}

struct ColumnSource {
  static constexpr size_t kFields = 4;
  static constexpr size_t kGroupStep = kFields, kColumnStep = 1;
  const TernaryColumns& w;

  size_t blocks() const { return (w.inputs + kTernaryBlockColumns - 1) / kTernaryBlockColumns; }
  float scale() const { return w.scale; }

  // The entries of one block of 128 inputs for 128 outputs from `first` on in pass `pass`. Groups past the matrix meet
  // activations that are 0, so any entry will do.
  void UnpackPass(size_t block, size_t pass, size_t first, uint64_t* indices) const {
    const size_t line_bytes = w.blocks * kTernaryBlockBytes;
    __m256i outputs[kFields][kPassGroups];
    for (size_t g = 0; g < kPassGroups; ++g) {
      const size_t input = block * kTernaryBlockColumns + (pass * kPassGroups + g) * kFields;
      __m256i v[kFields] = {};
      if (input < w.inputs) {
        const uint8_t* codes = w.codes + input * line_bytes + first / kFields;
        for (size_t i = 0; i < kFields; ++i) {
          v[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + i * line_bytes));
        }
      }
      TransposeFields(v);
      for (size_t s = 0; s < kFields; ++s) outputs[s][g] = Entries(v[s]);
    }
    for (size_t s = 0; s < kFields; ++s) StoreEntries(outputs[s], indices + 32 * s);
  }

  // `first` is a multiple of 128.
  void UnpackIndices(size_t block, size_t first, size_t rows, TableScratch& s) const {
    for (size_t r = 0; r < rows; r += kTernaryBlockColumns) {
      for (size_t pass = 0; pass < kBlockPasses; ++pass) UnpackPass(block, pass, first + r, &s.indices[pass][r]);
    }
  }
};

static_assert(kTableRows % kTernaryBlockColumns == 0, "whole blocks of outputs fit");

}  // namespace
}  // namespace sterna::kernels
