// SPDX-License-Identifier: Apache-2.0
#include "text/unicode_tables.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace sterna::text {
namespace {

// Both ends belong to the range.
struct CodePointRange {
  char32_t first;
  char32_t last;
};

#include "text/unicode_ranges.inc"

template <std::size_t kCount>
bool Contains(const CodePointRange (&ranges)[kCount], char32_t code_point) {
  const auto* after = std::upper_bound(std::begin(ranges), std::end(ranges), code_point,
                                       [](char32_t value, const CodePointRange& range) { return value < range.first; });
  return after != std::begin(ranges) && code_point <= std::prev(after)->last;
}

bool IsAsciiLetter(char32_t code_point) {
  const char32_t lower = code_point | 0x20;
  return lower >= U'a' && lower <= U'z';
}

}  // namespace

// ASCII is answered without the tables: it is most of every prompt.
bool IsLetter(char32_t code_point) {
  if (code_point < 0x80) return IsAsciiLetter(code_point);
  return Contains(kLetterRanges, code_point);
}

bool IsNumber(char32_t code_point) {
  if (code_point < 0x80) return code_point >= U'0' && code_point <= U'9';
  return Contains(kNumberRanges, code_point);
}

bool IsSpace(char32_t code_point) {
  if (code_point < 0x80) return code_point == U' ' || (code_point >= 0x09 && code_point <= 0x0D);
  return Contains(kSpaceRanges, code_point);
}

}  // namespace sterna::text
