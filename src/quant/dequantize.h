// SPDX-License-Identifier: Apache-2.0
//
// Stored values to float: the plain definition of each non-ternary block format (and of TQ1_0/TQ2_0, for embeddings).
// Exact: each value is the product the format defines, rounded once where the product needs more than 24 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/tensor_type.h"

namespace sterna::quant {

// Writes `count` floats from the start of a stored row. count % block_elements == 0. Reads count / block_elements *
// block_bytes bytes. Types: F32, F16, BF16, Q8_0, Q6_K, Q4_0, Q5_0, Q4_K, TQ1_0, TQ2_0, Q2_0 (of 64 and 128) and
// PQ2_0; I2_S has no per-row scale
// and is not among them.
void DequantizeRow(TensorType type, const std::byte* row, size_t count, float* out);

bool CanDequantizeRow(TensorType type);

}  // namespace sterna::quant
