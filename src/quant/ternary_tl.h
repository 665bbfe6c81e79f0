// SPDX-License-Identifier: Apache-2.0
//
// TL1 and TL2 inside the room, the formats of bitnet.cpp's look-up kernels: numbers for pairs and triples of values in
// the order in which those kernels walk over tiles of a matrix, padding, the float32 scale, 28 unread bytes.
#pragma once

#include "quant/ternary.h"

namespace sterna::quant {

// Checks the tiles first: InvalidArgument. The caller has checked the byte count.
Result<TernaryScales> InspectTl(const TernarySource& source);
// `source` passes CheckTlTiles.
void UnpackTlRow(const TernarySource& source, uint64_t row, uint8_t* codes);

}  // namespace sterna::quant
