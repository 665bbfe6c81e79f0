// SPDX-License-Identifier: Apache-2.0
//
// Runs of 2-bit ternary codes, four to a byte, eight bytes at a time. Code 3 means nothing in a ternary file.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sterna::quant {

inline uint64_t LoadWord(const std::byte* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The low bit of every 2-bit field that holds 3.
constexpr uint64_t ThreesOf(uint64_t word) { return word & (word >> 1) & 0x5555555555555555u; }

// The code at bits 2 * field + 1 : 2 * field of each of eight bytes, one to a byte; 3 becomes 1.
constexpr uint64_t FieldCodes(uint64_t word, unsigned field) {
  const uint64_t codes = (word >> (2 * field)) & 0x0303030303030303u;
  return codes ^ (ThreesOf(codes) << 1);
}

inline void StoreFieldCodes(uint64_t word, unsigned field, uint8_t* codes) {
  const uint64_t eight = FieldCodes(word, field);
  std::memcpy(codes, &eight, sizeof eight);
}

// How many 2-bit fields hold 3. bytes.size() % 8 may be anything.
inline uint64_t CountThrees(std::span<const std::byte> bytes) {
  uint64_t count = 0;
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) count += uint64_t(std::popcount(ThreesOf(LoadWord(&bytes[i]))));
  for (; i < bytes.size(); ++i) count += uint64_t(std::popcount(ThreesOf(uint64_t(bytes[i]))));
  return count;
}

// Whether a field holds 3: cheaper than counting, for the common answer no.
inline bool HasThrees(std::span<const std::byte> bytes) {
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const uint64_t word = LoadWord(&bytes[i]);
    seen |= word & (word >> 1);
  }
  for (; i < bytes.size(); ++i) seen |= uint64_t(bytes[i] & (bytes[i] >> 1));
  return (seen & 0x5555555555555555u) != 0;
}

struct FieldPlace {
  size_t byte;
  unsigned field;  // bits 2 * field + 1 : 2 * field
};

// The first byte with a 3, and its uppermost field that holds it. HasThrees(bytes) must be true.
inline FieldPlace FirstThree(std::span<const std::byte> bytes) {
  size_t i = 0;
  while (i + 1 < bytes.size() && ThreesOf(uint64_t(bytes[i])) == 0) ++i;
  unsigned field = 3;
  while (field > 0 && (unsigned(bytes[i]) >> (2 * field) & 3u) != 3u) --field;
  return {i, field};
}

}  // namespace sterna::quant
