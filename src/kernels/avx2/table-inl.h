// SPDX-License-Identifier: Apache-2.0
//
// The kernels of AVX2 as a table of the one translation unit that includes this. Sets that are AVX2 and more start from
// it and replace what they do better, so that a new field needs an entry here alone.
#pragma once

#include "kernels/avx2/attention-inl.h"
#include "kernels/avx2/dense-inl.h"
#include "kernels/avx2/elementwise-inl.h"
#include "kernels/avx2/integer_peak-inl.h"
#include "kernels/avx2/lists-inl.h"
#include "kernels/avx2/rows-inl.h"
#include "kernels/avx2/screen-inl.h"
#include "kernels/avx2/screen_encode-inl.h"
#include "kernels/avx2/store_kv-inl.h"
#include "kernels/avx2/ternary-inl.h"
#include "kernels/avx2/ternary_columns-inl.h"
#include "kernels/avx2/ternary_columns_linear-inl.h"
#include "kernels/avx2/ternary_group-inl.h"
#include "kernels/avx2/ternary_rows-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

constexpr KernelTable kAvx2Kernels = {
    .isa = "avx2",
    .needs = 1u << 0 | 1u << 1 | 1u << 2,  // platform::kCpuAvx2, kCpuFma, kCpuF16c; a test compares
    .ternary_scratch = {.bytes = sizeof(TableScratch), .least_tokens = kTableTokens, .most_tokens = 2 * kTableTokens},
    .integer_peak = IntegerPeak,
    .quantize_row = QuantizeRow,
    .rms_norm = RmsNorm,
    .ternary_linear = TernaryLinear,
    .ternary_group_linear = TernaryGroupLinear,
    .ternary_listed_rows = TernaryListedRows,
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
    .hadamard = Hadamard,
    .screen_encode = ScreenEncode,
    .screen_nibbles = ScreenNibbles,
    .screen_pairs = ScreenPairs,
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

}  // namespace
}  // namespace sterna::kernels
