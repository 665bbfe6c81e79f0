// SPDX-License-Identifier: Apache-2.0
#include "text/utf8.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "text/utf8_stream.h"

namespace sterna::text {
namespace {

using Kind = Utf8Step::Kind;

std::string StreamAll(const std::vector<std::string>& pieces) {
  Utf8Stream stream;
  std::string shown;
  for (const std::string& piece : pieces) shown += stream.Push(piece);
  return shown + stream.Flush();
}

TEST(Utf8, DecodesWhatItEncodesForEveryScalarValue) {
  for (char32_t code_point = 0; code_point < 0x110000; ++code_point) {
    if (code_point >= 0xd800 && code_point < 0xe000) continue;
    std::string bytes;
    AppendUtf8(code_point, bytes);
    const Utf8Step step = DecodeUtf8(bytes, 0);
    ASSERT_EQ(step.kind, Kind::kCharacter) << std::hex << uint32_t(code_point);
    ASSERT_EQ(step.code_point, code_point);
    ASSERT_EQ(step.length_bytes, bytes.size());
  }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndTooLargeValues) {
  for (const std::string bytes :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\x80", "\xbf"}) {
    const Utf8Step step = DecodeUtf8(bytes, 0);
    EXPECT_EQ(step.kind, Kind::kIllFormed);
    EXPECT_EQ(step.length_bytes, 1) << "no prefix of these is the start of a character";
  }
}

TEST(Utf8Stream, ReplacesEachMaximalInvalidPartByOneMark) {
  // The examples of Unicode 3.9, tables 3-8 to 3-11.
  EXPECT_EQ(StreamAll({"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"}), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(StreamAll({"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"}), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(StreamAll({"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"}), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB");
  EXPECT_EQ(StreamAll({"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"}), "\uFFFD\uFFFD\uFFFD\uFFFDA");
}

TEST(Utf8Stream, HoldsBackAnIncompleteCharacterOnly) {
  Utf8Stream stream;
  EXPECT_EQ(stream.Push("a\xf0\x9f"), "a");
  EXPECT_EQ(stream.Push("\xa6"), "");
  EXPECT_EQ(stream.Push("\x89z"), "\xf0\x9f\xa6\x89z");
  EXPECT_EQ(stream.Flush(), "");
}

TEST(Utf8Stream, FlushesAnIncompleteCharacterAsOneMark) {
  Utf8Stream stream;
  EXPECT_EQ(stream.Push("\xf0\x9f\xa6"), "");
  EXPECT_EQ(stream.Flush(), "\uFFFD");
  EXPECT_EQ(stream.Flush(), "");
  EXPECT_EQ(stream.Push("b"), "b");
}

TEST(Utf8Stream, ShowsTheSameHoweverTheTextIsCut) {
  const std::string text = "a\u00e9\u6d77\U0001F989\U0001F468\u200d\U0001F4BB\u0301z";
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t second = first; second <= text.size(); ++second) {
      EXPECT_EQ(StreamAll({text.substr(0, first), text.substr(first, second - first), text.substr(second)}), text);
    }
  }
}

TEST(Utf8Stream, ShowsTheSameHoweverInvalidBytesAreCut) {
  std::mt19937 generator(3);
  const std::string lead_and_tail = "\x41\x80\xbf\xc3\xe0\xa0\xe1\xed\x9f\xf0\x90\xf4\x8f\xff";
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(generator() % 12, 'a');
    for (char& c : bytes) c = lead_and_tail[generator() % lead_and_tail.size()];
    const std::string whole = StreamAll({bytes});
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
      ASSERT_EQ(StreamAll({bytes.substr(0, cut), bytes.substr(cut)}), whole);
    }
    for (size_t position = 0; position < whole.size();) {
      const Utf8Step step = DecodeUtf8(whole, position);
      ASSERT_EQ(step.kind, Kind::kCharacter) << "what is shown must be UTF-8";
      position += step.length_bytes;
    }
  }
}

}  // namespace
}  // namespace sterna::text
