// SPDX-License-Identifier: Apache-2.0
//
// IQ1_BN, IQ2_BN and IQ2_BN_R4 inside the room: rows of blocks of 64 codes, a scale for each row before its blocks
// (float16 in IQ1_BN, float32 in the others). R4 interleaves four rows: their scales first, then their blocks.
#pragma once

#include "quant/ternary.h"

namespace sterna::quant {

Result<TernaryScales> InspectBn(const TernarySource& source);
// A row of scale 0 reads as code 1 throughout: encoders give it code 2.
void UnpackBnRow(const TernarySource& source, uint64_t row, uint8_t* codes);
float BnRowScale(const TernarySource& source, uint64_t row);
// `scales`: of each row, 0 for one without a non-zero value; of IQ1_BN as float16 holds them.
void PackBn(TensorType type, uint64_t columns, std::span<const uint8_t> codes, std::span<const float> scales,
            std::byte* out);

}  // namespace sterna::quant
