// SPDX-License-Identifier: Apache-2.0
//
// Q2_0 (in groups of 64 or 128 codes), PQ2_0 and PTQ1_0 inside the room: blocks of one row that share a float16 scale,
// which leads the block in the 2-bit formats and ends it in PTQ1_0.
#pragma once

#include "quant/ternary.h"

namespace sterna::quant {

// Corrupt where a 2-bit code is 3: legal in Q2_0, where it means twice the scale, but not ternary.
Result<TernaryScales> InspectQ2(const TernarySource& source);
// A block of scale 0 reads as code 1 throughout.
void UnpackQ2Row(const TernarySource& source, uint64_t row, uint8_t* codes);
void Q2RowScales(const TernarySource& source, uint64_t row, float* scales);
// `scales`: of each block, as float16 holds them.
void PackQ2(TensorType type, std::span<const uint8_t> codes, std::span<const float> scales, std::byte* out);

}  // namespace sterna::quant
