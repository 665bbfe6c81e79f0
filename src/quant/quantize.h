// SPDX-License-Identifier: Apache-2.0
//
// Float to stored values, for the tools that write files and for round-trip tests. Rounding follows each format's
// published quantizer closely enough that decode(encode(x)) is within one step of the format; zeros stay zeros. Q8_0
// and Q4_0 give the published quantizers' bytes; Q6_K takes each group's scale from its largest value instead of
// searching. Values are finite.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/tensor_type.h"

namespace sterna::quant {

// Types: F32, F16, BF16, Q8_0, Q6_K, Q4_0. count % block_elements == 0; writes count / block_elements * block_bytes
// bytes.
void QuantizeRow(TensorType type, const float* values, size_t count, std::byte* out);

}  // namespace sterna::quant
