// SPDX-License-Identifier: Apache-2.0
//
// Codes as digits of base 3 (TQ1_0, PTQ1_0): a byte is ceil(256 * T / 243) with T the five-digit number, so that
// multiplying by 3 pushes the next digit out at the top. A block is a few stretches of bytes; digit n of the i-th byte
// of a stretch is the stretch's element n * bytes + i.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sterna::quant {

struct DigitStretch {
  size_t first_byte, bytes, first_element, digits;
};

// The digits of up to eight bytes at once: the bytes spread over the 16-bit lanes of two words, so that a tripled byte
// leaves its next digit above bit 8 of its lane.
inline void UnpackDigitBytes(const std::byte* bytes, size_t count, size_t digits, size_t stride, uint8_t* out) {
  constexpr uint64_t kLow = 0x00ff00ff00ff00ffu;
  uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  uint64_t even = word & kLow, odd = (word >> 8) & kLow;
  for (size_t n = 0; n < digits; ++n, out += stride) {
    even *= 3, odd *= 3;
    const uint64_t codes = ((even >> 8) & kLow) | (odd & ~kLow);
    std::memcpy(out, &codes, count);
    even &= kLow, odd &= kLow;
  }
}

inline void UnpackDigits(std::span<const DigitStretch> stretches, const std::byte* block, uint8_t* codes) {
  for (const DigitStretch& s : stretches) {
    const std::byte* const bytes = block + s.first_byte;
    uint8_t* const out = codes + s.first_element;
    size_t i = 0;
    for (; i + 8 <= s.bytes; i += 8) UnpackDigitBytes(bytes + i, 8, s.digits, s.bytes, out + i);
    if (i < s.bytes) UnpackDigitBytes(bytes + i, s.bytes - i, s.digits, s.bytes, out + i);
  }
}

// A digit that a stretch does not have is 0.
inline void PackDigits(std::span<const DigitStretch> stretches, const uint8_t* codes, std::byte* out) {
  for (const DigitStretch& s : stretches) {
    for (size_t i = 0; i < s.bytes; ++i) {
      unsigned number = 0;
      for (size_t n = 0; n < 5; ++n) {
        number = 3 * number + (n < s.digits ? codes[s.first_element + n * s.bytes + i] : 0u);
      }
      out[s.first_byte + i] = std::byte((256 * number + 242) / 243);
    }
  }
}

}  // namespace sterna::quant
