// SPDX-License-Identifier: Apache-2.0
//
// The deterministic sequences and the checksum that the published test vectors of the number formats are stated in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sterna::testing {

// x <- 1664525 x + 1013904223 mod 2^32; the upper half of each x is the next number.
class Lcg {
 public:
  explicit Lcg(uint32_t seed) : x_(seed) {}
  uint32_t Next() {
    x_ = 1664525u * x_ + 1013904223u;
    return x_ >> 16;
  }

 private:
  uint32_t x_;
};

inline std::vector<uint8_t> LcgCodes(size_t count, uint32_t seed = 1) {
  Lcg lcg(seed);
  std::vector<uint8_t> codes(count);
  for (uint8_t& code : codes) code = uint8_t(lcg.Next() % 3);
  return codes;
}

inline std::vector<std::byte> LcgBytes(size_t count, uint32_t seed) {
  Lcg lcg(seed);
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) byte = std::byte(lcg.Next() & 255u);
  return bytes;
}

// CRC-32 as zlib computes it.
inline uint32_t Crc32(std::span<const std::byte> bytes) {
  uint32_t crc = 0xffffffffu;
  for (const std::byte byte : bytes) {
    crc ^= uint32_t(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1u ? 0xedb88320u : 0u);
  }
  return ~crc;
}

inline std::string Hex(std::span<const std::byte> bytes) {
  constexpr std::array<char, 16> kDigits{'0', '1', '2', '3', '4', '5', '6', '7',
                                         '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[size_t(byte) >> 4];
    text += kDigits[size_t(byte) & 15];
  }
  return text;
}

}  // namespace sterna::testing
