// SPDX-License-Identifier: Apache-2.0
//
// Ternary matrices stored by input. The sums are those of the same matrix stored by row, so any order is right.
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {
namespace {

// The weight of output o of a block: element o is bits 7-2s..6-2s of byte o % 32, s = o / 32.
int32_t Weight(const uint8_t* block, size_t o) {
  return ((block[o % kTernaryBlockBytes] >> (6 - 2 * (o / kTernaryBlockBytes))) & 3) - 1;
}

const uint8_t* Block(const TernaryColumns& w, size_t input, size_t block) {
  return w.codes + (input * w.blocks + block) * kTernaryBlockBytes;
}

// sums[o] += weight[o] * q over one block of outputs.
void AddBlock(const uint8_t* block, int32_t q, int32_t* sums) {
  for (size_t o = 0; o < kTernaryBlockColumns; ++o) sums[o] += Weight(block, o) * q;
}

}  // namespace

void TernaryColumnsLinear(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x, float* out,
                          size_t out_stride) noexcept {
  for (size_t t = 0; t < x.count; ++t) {
    const float factor = w.scale / x.scales[t];
    for (size_t b = first_block; b < first_block + blocks; ++b) {
      int32_t sums[kTernaryBlockColumns] = {};
      for (size_t k = 0; k < w.inputs; ++k) AddBlock(Block(w, k, b), x.values[t * x.stride + k], sums);
      const size_t first = b * kTernaryBlockColumns;
      for (size_t o = 0; o < kTernaryBlockColumns && first + o < w.outputs; ++o) {
        out[t * out_stride + first + o] = float(sums[o]) * factor;
      }
    }
  }
}

void TernaryColumnsAdd(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count,
                       int32_t* sums) noexcept {
  for (size_t i = 0; i < count; ++i) {
    for (size_t b = 0; b < w.blocks; ++b) {
      AddBlock(Block(w, listed[i], b), q[listed[i]], sums + b * kTernaryBlockColumns);
    }
  }
}

}  // namespace sterna::kernels::scalar
