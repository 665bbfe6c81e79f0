// SPDX-License-Identifier: Apache-2.0
//
// I2_S inside the room: rows * columns / 4 bytes of codes in one of three orders, the float32 scale, 28 unread bytes.
// Callers have checked the shape (CheckI2sShape) and the byte count.
#pragma once

#include "quant/ternary.h"

namespace sterna::quant {

Status CheckI2sShape(I2sLayout layout, uint64_t rows, uint64_t columns);
Result<TernaryScales> InspectI2s(const TernarySource& source);
void UnpackI2sRow(const TernarySource& source, uint64_t row, uint8_t* codes);
// Fills the codes part of `out`.
void PackI2s(I2sLayout layout, uint64_t rows, uint64_t columns, const uint8_t* codes, std::byte* out);

}  // namespace sterna::quant
