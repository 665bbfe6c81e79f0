// SPDX-License-Identifier: Apache-2.0
//
// What reading and storing ternary matrices share inside the room.
#pragma once

#include "quant/ternary.h"

namespace sterna::quant {

// Types that one source file knows.
enum class Family : uint8_t { kI2s, kTq, kBn, kQ2, kTl };
Family FamilyOf(TensorType type);

// The bytes that the shape takes, once it is known to fit the type and the layout.
Result<uint64_t> TernaryBytes(TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns);

}  // namespace sterna::quant
