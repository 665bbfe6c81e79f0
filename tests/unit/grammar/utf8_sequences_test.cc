// SPDX-License-Identifier: Apache-2.0
#include "grammar/utf8_sequences.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "text/utf8.h"

namespace sterna::grammar {
namespace {

uint64_t Covered(const ByteSequence& sequence) {
  uint64_t count = 1;
  for (size_t i = 0; i < sequence.length; ++i) count *= uint64_t(sequence.bytes[i].last - sequence.bytes[i].first) + 1;
  return count;
}

bool Holds(const ByteSequence& sequence, const std::string& bytes) {
  if (bytes.size() != sequence.length) return false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (uint8_t(bytes[i]) < sequence.bytes[i].first || uint8_t(bytes[i]) > sequence.bytes[i].last) return false;
  }
  return true;
}

// As many byte strings as code points, and each code point among them: so nothing else is.
TEST(Utf8Sequences, HoldExactlyTheRange) {
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const char32_t limit = i % 3 == 0 ? 0x900 : i % 3 == 1 ? 0xd7ff : kLastCodePoint;
    CodePointRange range = {char32_t(random() % (limit + 1)), char32_t(random() % (limit + 1))};
    if (range.first > range.last) std::swap(range.first, range.last);
    for (const CodePointRange part : Normalized({range})) {
      uint64_t covered = 0;
      const auto sequences = Utf8Sequences(part);
      for (const ByteSequence& sequence : sequences) covered += Covered(sequence);
      ASSERT_EQ(covered, uint64_t(part.last - part.first) + 1);
      for (int probe = 0; probe < 200; ++probe) {
        const char32_t code_point = probe == 0   ? part.first
                                    : probe == 1 ? part.last
                                                 : char32_t(part.first + random() % (part.last - part.first + 1));
        std::string bytes;
        text::AppendUtf8(code_point, bytes);
        ASSERT_TRUE(std::any_of(sequences.begin(), sequences.end(), [&](const auto& s) { return Holds(s, bytes); }));
      }
    }
  }
}

TEST(Ranges, ComplementsLeaveOutSurrogates) {
  const auto all = Complement({});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].last, 0xd7ffu);
  EXPECT_EQ(all[1].first, 0xe000u);
  EXPECT_TRUE(Complement({{0, kLastCodePoint}}).empty());
  const auto but_b = Complement({{'b', 'b'}, {'a', 'b'}});
  EXPECT_EQ(but_b[0].last, char32_t('a' - 1));
  EXPECT_EQ(but_b[1].first, char32_t('c'));
}

}  // namespace
}  // namespace sterna::grammar
