// SPDX-License-Identifier: Apache-2.0
//
// The table of AVX-512 (F, BW, DQ, VL) with VNNI. What is not worth kernels of its own, storing keys and values,
// merging partials and decoding single rows, is the code of AVX2 compiled for this set. Sets that have AVX-512 and more
// start from it.
#pragma once

#include "kernels/avx2/table-inl.h"
#include "kernels/avx512/attention-inl.h"
#include "kernels/avx512/dense-inl.h"
#include "kernels/avx512/elementwise-inl.h"
#include "kernels/avx512/integer_peak-inl.h"
#include "kernels/avx512/rows-inl.h"
#include "kernels/avx512/screen-inl.h"
#include "kernels/avx512/ternary-inl.h"
#include "kernels/avx512/ternary_columns-inl.h"
#include "kernels/avx512/ternary_group-inl.h"
#include "kernels/avx512/ternary_rows-inl.h"

namespace sterna::kernels {
namespace {

template <DenseType... kTypes>
constexpr void SetDense(KernelTable& table) {
  ((table.dense_linear[kTypes] = avx512::DenseLinear<kTypes>), ...);
}

template <KvType... kTypes>
constexpr void SetAttend(KernelTable& table) {
  ((table.attend_block[kTypes] = avx512::AttendBlock<kTypes>), ...);
}

constexpr KernelTable Avx512Kernels() {
  KernelTable table = kAvx2Kernels;
  table.isa = "avx512";
  table.ternary_scratch = {};  // its products make no tables
  table.integer_peak = avx512::IntegerPeak;
  table.needs |= 1u << 4 | 1u << 5;  // platform::kCpuAvx512, kCpuAvx512Vnni; a test compares
  table.quantize_row = avx512::QuantizeRow;
  table.rms_norm = avx512::RmsNorm;
  table.ternary_linear = avx512::TernaryLinear;
  table.ternary_group_linear = avx512::TernaryGroupLinear;
  table.ternary_listed_rows = avx512::TernaryListedRows;
  table.ternary_columns_add = avx512::TernaryColumnsAdd;
  SetDense<kDenseF32, kDenseF16, kDenseBF16, kDenseQ8_0, kDenseQ6_K, kDenseQ4_0, kDenseTQ1_0, kDenseTQ2_0, kDenseQ5_0,
           kDenseQ4_K, kDenseQ2_0, kDenseQ2_0_G128>(table);
  table.decode_row[kDenseQ6_K] = avx512::DecodeRow<kDenseQ6_K>;
  table.screen_nibbles = avx512::Screen<avx512::NibblePlane>;
  table.screen_pairs = avx512::Screen<avx512::PairPlane>;
  table.rope = avx512::Rope;
  SetAttend<kKvF32, kKvF16, kKvQ8>(table);
  table.attend_finish = avx512::AttendFinish;
  table.add = avx512::Add;
  table.relu2_mul = avx512::Relu2Mul;
  table.silu_mul = avx512::SiluMul;
  table.gelu_mul = avx512::GeluMul;
  table.exp = avx512::ExpRow;
  return table;
}

}  // namespace
}  // namespace sterna::kernels
