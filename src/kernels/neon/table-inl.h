// SPDX-License-Identifier: Apache-2.0
//
// The NEON tables differ in the tile of the ternary products and in their compiler flags.
#pragma once

#include "kernels/neon/attention-inl.h"
#include "kernels/neon/dense-inl.h"
#include "kernels/neon/elementwise-inl.h"
#include "kernels/neon/rows-inl.h"
#include "kernels/neon/store_kv-inl.h"
#include "kernels/neon/ternary-inl.h"
#include "kernels/neon/ternary_sparse-inl.h"
#include "kernels/scalar/scalar_ops.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

template <class Tile>
constexpr KernelTable NeonTable(const char* isa, uint64_t needs) {
  return {
      .isa = isa,
      .needs = needs,
      .quantize_row = QuantizeRow,
      .rms_norm = RmsNorm,
      .ternary_linear = TernaryLinear<Tile>,
      .ternary_group_linear = TernaryGroupLinear<Tile>,
      .ternary_listed_rows = TernaryListedRows<Tile>,
      .ternary_columns_linear = TernaryColumnsLinear,
      .ternary_columns_add = TernaryColumnsAdd,
      .list_positive = ListPositive,
      .list_nonzero = ListNonzero,
      .dense_linear = {DenseLinear<kDenseF32>, DenseLinear<kDenseF16>, DenseLinear<kDenseBF16>, DenseLinear<kDenseQ8_0>,
                       DenseLinear<kDenseQ6_K>, DenseLinear<kDenseQ4_0>, DenseLinear<kDenseTQ1_0>,
                       DenseLinear<kDenseTQ2_0>, DenseLinear<kDenseQ5_0>, DenseLinear<kDenseQ4_K>,
                       DenseLinear<kDenseQ2_0>, DenseLinear<kDenseQ2_0_G128>},
      .decode_row = {DecodeRow<kDenseF32>, DecodeRow<kDenseF16>, DecodeRow<kDenseBF16>, DecodeRow<kDenseQ8_0>,
                     DecodeRow<kDenseQ6_K>, DecodeRow<kDenseQ4_0>, DecodeRow<kDenseTQ1_0>, DecodeRow<kDenseTQ2_0>,
                     DecodeRow<kDenseQ5_0>, DecodeRow<kDenseQ4_K>, DecodeRow<kDenseQ2_0>, DecodeRow<kDenseQ2_0_G128>},
      .hadamard = scalar::Hadamard,
      .screen_encode = scalar::ScreenEncode,
      .screen_nibbles = scalar::ScreenNibbles,
      .screen_pairs = scalar::ScreenPairs,
      .rope = Rope,
      .rope_pairs = RopePairs,
      .store_kv = {StoreKv<kKvF32>, StoreKv<kKvF16>, StoreKv<kKvQ8>},
      .attend_block = {AttendBlock<kKvF32>, AttendBlock<kKvF16>, AttendBlock<kKvQ8>},
      .attend_merge = AttendMerge,
      .attend_finish = AttendFinish,
      .add = Add,
      .relu2_mul = Relu2Mul,
      .silu_mul = SiluMul,
      .gelu_mul = GeluMul,
      .exp = ExpRow,
  };
}

}  // namespace
}  // namespace sterna::kernels
