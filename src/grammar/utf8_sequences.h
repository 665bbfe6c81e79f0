// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "grammar/syntax.h"

namespace sterna::grammar {

struct ByteRange {
  uint8_t first = 0, last = 0;  // both inside
};

// Byte strings of one length, a range for each byte.
struct ByteSequence {
  std::array<ByteRange, 4> bytes{};
  uint8_t length = 0;
};

// The UTF-8 of every code point of `range`, and nothing else. `range` holds no surrogates.
std::vector<ByteSequence> Utf8Sequences(CodePointRange range);

}  // namespace sterna::grammar
