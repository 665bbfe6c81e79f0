// SPDX-License-Identifier: Apache-2.0
#include "grammar/utf8_sequences.h"

#include <string>

#include "text/utf8.h"

namespace sterna::grammar {
namespace {

constexpr char32_t kLastOfLength[] = {0x7f, 0x7ff, 0xffff};

// Where the range must be cut so that its lower part is a product of byte ranges; its last code point where it need
// not.
char32_t FirstCut(CodePointRange range) {
  for (const char32_t last : kLastOfLength) {
    if (range.first <= last && last < range.last) return last;
  }
  if (range.last <= 0x7f) return range.last;
  const int continuations = range.last <= 0x7ff ? 1 : range.last <= 0xffff ? 2 : 3;
  for (int i = 1; i <= continuations; ++i) {
    const char32_t low_bits = (char32_t(1) << (6 * i)) - 1;
    if ((range.first & ~low_bits) == (range.last & ~low_bits)) continue;
    // The lower bytes take all their values only between whole blocks.
    if ((range.first & low_bits) != 0) return range.first | low_bits;
    if ((range.last & low_bits) != low_bits) return (range.last & ~low_bits) - 1;
  }
  return range.last;
}

ByteSequence SequenceOf(CodePointRange range) {
  std::string first, last;
  text::AppendUtf8(range.first, first);
  text::AppendUtf8(range.last, last);
  ByteSequence sequence;
  sequence.length = uint8_t(first.size());
  for (size_t i = 0; i < first.size(); ++i) sequence.bytes[i] = {uint8_t(first[i]), uint8_t(last[i])};
  return sequence;
}

}  // namespace

std::vector<ByteSequence> Utf8Sequences(CodePointRange range) {
  std::vector<ByteSequence> sequences;
  while (true) {
    CodePointRange part = range;
    for (char32_t cut = FirstCut(part); cut != part.last; cut = FirstCut(part)) part.last = cut;
    sequences.push_back(SequenceOf(part));
    if (part.last == range.last) return sequences;
    range.first = part.last + 1;
  }
}

}  // namespace sterna::grammar
