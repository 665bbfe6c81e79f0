// SPDX-License-Identifier: Apache-2.0
//
// TQ1_0 and TQ2_0 inside the room: blocks of 256 codes of one row, each block with a float16 scale at its end.
#pragma once

#include "quant/ternary.h"

namespace sterna::quant {

inline constexpr size_t kTqBlockElements = 256;

// Codes as stored: 0..2, and 3 where a TQ2_0 block holds it.
void UnpackTqBlock(TensorType type, const std::byte* block, uint8_t* codes);
float TqBlockScale(TensorType type, const std::byte* block);

Result<TernaryScales> InspectTq(const TernarySource& source);
// A block of scale 0 reads as code 1 throughout: its values are 0 whatever its codes, and the matrix keeps one scale.
void UnpackTqRow(const TernarySource& source, uint64_t row, uint8_t* codes);
void TqRowScales(const TernarySource& source, uint64_t row, float* scales);
// `scales`: of each block, as float16 holds them.
void PackTq(TensorType type, std::span<const uint8_t> codes, std::span<const float> scales, std::byte* out);

}  // namespace sterna::quant
