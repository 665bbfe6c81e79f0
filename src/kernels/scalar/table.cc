// SPDX-License-Identifier: Apache-2.0
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels {

const KernelTable kScalarTable = {
    .isa = "scalar",
    .needs = 0,
    .quantize_row = scalar::QuantizeRow,
    .rms_norm = scalar::RmsNorm,
    .ternary_linear = scalar::TernaryLinear,
    .ternary_group_linear = scalar::TernaryGroupLinear,
    .ternary_listed_rows = scalar::TernaryListedRows,
    .ternary_columns_linear = scalar::TernaryColumnsLinear,
    .ternary_columns_add = scalar::TernaryColumnsAdd,
    .list_positive = scalar::ListPositive,
    .list_nonzero = scalar::ListNonzero,
    .dense_linear = {scalar::DenseLinear<kDenseF32>, scalar::DenseLinear<kDenseF16>, scalar::DenseLinear<kDenseBF16>,
                     scalar::DenseLinear<kDenseQ8_0>, scalar::DenseLinear<kDenseQ6_K>, scalar::DenseLinear<kDenseQ4_0>,
                     scalar::DenseLinear<kDenseTQ1_0>, scalar::DenseLinear<kDenseTQ2_0>,
                     scalar::DenseLinear<kDenseQ5_0>, scalar::DenseLinear<kDenseQ4_K>, scalar::DenseLinear<kDenseQ2_0>,
                     scalar::DenseLinear<kDenseQ2_0_G128>},
    .decode_row = {scalar::DecodeRow<kDenseF32>, scalar::DecodeRow<kDenseF16>, scalar::DecodeRow<kDenseBF16>,
                   scalar::DecodeRow<kDenseQ8_0>, scalar::DecodeRow<kDenseQ6_K>, scalar::DecodeRow<kDenseQ4_0>,
                   scalar::DecodeRow<kDenseTQ1_0>, scalar::DecodeRow<kDenseTQ2_0>, scalar::DecodeRow<kDenseQ5_0>,
                   scalar::DecodeRow<kDenseQ4_K>, scalar::DecodeRow<kDenseQ2_0>, scalar::DecodeRow<kDenseQ2_0_G128>},
    .hadamard = scalar::Hadamard,
    .screen_encode = scalar::ScreenEncode,
    .screen_nibbles = scalar::ScreenNibbles,
    .screen_pairs = scalar::ScreenPairs,
    .rope = scalar::Rope,
    .rope_pairs = scalar::RopePairs,
    .store_kv = {scalar::StoreKv<kKvF32>, scalar::StoreKv<kKvF16>, scalar::StoreKv<kKvQ8>},
    .attend_block = {scalar::AttendBlock<kKvF32>, scalar::AttendBlock<kKvF16>, scalar::AttendBlock<kKvQ8>},
    .attend_merge = scalar::AttendMerge,
    .attend_finish = scalar::AttendFinish,
    .add = scalar::Add,
    .relu2_mul = scalar::Relu2Mul,
    .silu_mul = scalar::SiluMul,
    .gelu_mul = scalar::GeluMul,
    .exp = scalar::ExpRow,
};

}  // namespace sterna::kernels
