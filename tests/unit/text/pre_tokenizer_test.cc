// SPDX-License-Identifier: Apache-2.0
//
// Cases made by hand; the vectors of tests/data/tokenizer cover the patterns against the reference.
#include "text/pre_tokenizer.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::text {
namespace {

using testing::ElementsAre;
using Pieces = std::vector<std::string>;

Pieces Split(SplitPattern pattern, std::string_view text) {
  Pieces pieces;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = FindPieceEnd(pattern, text, begin);
    EXPECT_GT(end, begin);
    EXPECT_LE(end, text.size());
    if (end <= begin) break;
    pieces.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

Pieces SplitLlama(std::string_view text) { return Split(SplitPattern::kLlama3, text); }

TEST(PreTokenizer, GivesWordsTheSpaceBeforeThem) {
  EXPECT_THAT(SplitLlama("Hello my world"), ElementsAre("Hello", " my", " world"));
  EXPECT_THAT(SplitLlama("a\tb\u00a0c"), ElementsAre("a", "\tb", "\u00a0c"));
  EXPECT_THAT(SplitLlama("(x) $y"), ElementsAre("(x", ")", " $", "y"));
}

TEST(PreTokenizer, CutsContractionsInAnyCase) {
  EXPECT_THAT(SplitLlama("we'll don'T x'S"), ElementsAre("we", "'ll", " don", "'T", " x", "'S"));
  EXPECT_THAT(SplitLlama("'sun 'lx 'r'RE"), ElementsAre("'s", "un", " '", "lx", " '", "r", "'RE"));
  EXPECT_THAT(SplitLlama("x'\u017fy"), ElementsAre("x", "'\u017f", "y"));
}

TEST(PreTokenizer, TakesThreeDigitsAtATimeAndQwenOne) {
  EXPECT_THAT(SplitLlama("12345 67"), ElementsAre("123", "45", " ", "67"));
  EXPECT_THAT(Split(SplitPattern::kQwen2, "123 4"), ElementsAre("1", "2", "3", " ", "4"));
  EXPECT_THAT(SplitLlama("\u0661\u0662\u00bd\u2167"), ElementsAre("\u0661\u0662\u00bd", "\u2167"));
}

TEST(PreTokenizer, LeavesTheLastSpaceOfARunToTheNextPiece) {
  EXPECT_THAT(SplitLlama("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(SplitLlama("a   1"), ElementsAre("a", "  ", " ", "1"));
  EXPECT_THAT(SplitLlama("a   "), ElementsAre("a", "   "));
  EXPECT_THAT(SplitLlama(" "), ElementsAre(" "));
}

TEST(PreTokenizer, EndsSpacesAfterTheirLastNewline) {
  EXPECT_THAT(SplitLlama("a \n\n  b"), ElementsAre("a", " \n\n", " ", " b"));
  EXPECT_THAT(SplitLlama("a\n b"), ElementsAre("a", "\n", " b"));
  EXPECT_THAT(SplitLlama("  \n \r\n  "), ElementsAre("  \n \r\n", "  "));
}

TEST(PreTokenizer, GivesPunctuationTheNewlinesAfterIt) {
  EXPECT_THAT(SplitLlama("a!!\n\nb"), ElementsAre("a", "!!\n\n", "b"));
  EXPECT_THAT(SplitLlama("a ...\r\n c"), ElementsAre("a", " ...\r\n", " c"));
}

TEST(PreTokenizer, CountsMarksAndBytesThatAreNotUtf8AsOther) {
  EXPECT_THAT(SplitLlama("e\u0301a"), ElementsAre("e", "\u0301a"));
  EXPECT_THAT(SplitLlama("a \xff\xfe b"), ElementsAre("a", " \xff\xfe", " b"));
  EXPECT_THAT(SplitLlama("\xe6\xb5"), ElementsAre("\xe6\xb5"));
}

TEST(PreTokenizer, SplitsAsGpt2Does) {
  const auto split = [](std::string_view text) { return Split(SplitPattern::kGpt2, text); };
  EXPECT_THAT(split("Hello my 12345 world"), ElementsAre("Hello", " my", " 12345", " world"));
  EXPECT_THAT(split("we'll don'T"), ElementsAre("we", "'ll", " don", "'", "T"));
  EXPECT_THAT(split("a \n\n  b!\n"), ElementsAre("a", " \n\n ", " b", "!", "\n"));
  EXPECT_THAT(split("a\tb"), ElementsAre("a", "\t", "b"));
  EXPECT_THAT(split("(x) "), ElementsAre("(", "x", ")", " "));
}

TEST(PreTokenizer, KnowsTheNamesThatFilesUse) {
  for (const char* name : {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "falcon_e", "falcon-e"}) {
    const auto found = FindPreTokenizer(name);
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_EQ(found->pattern, SplitPattern::kLlama3);
    EXPECT_TRUE(found->ignore_merges);
  }
  EXPECT_EQ(FindPreTokenizer("qwen2")->pattern, SplitPattern::kQwen2);
  EXPECT_FALSE(FindPreTokenizer("qwen2")->ignore_merges);
  EXPECT_FALSE(FindPreTokenizer("default").has_value());
}

// Each would take hours if a piece's end were searched for more than once or twice.
TEST(PreTokenizer, IsLinearInTheWorstCases) {
  constexpr size_t kBytes = 1 << 20;
  std::string newline_first = std::string(kBytes, ' ');
  newline_first[0] = '\n';
  std::string alternating;
  while (alternating.size() < kBytes) alternating += "\n ";
  for (const std::string& text : {std::string(kBytes, ' '), std::string(kBytes, '7'), std::string(kBytes, '\''),
                                  std::string(kBytes, '\n'), std::string(kBytes, 'a'), newline_first, alternating}) {
    for (const SplitPattern pattern : {SplitPattern::kLlama3, SplitPattern::kQwen2, SplitPattern::kGpt2}) {
      std::string joined;
      for (const std::string& piece : Split(pattern, text)) joined += piece;
      EXPECT_EQ(joined, text);
    }
  }
}

}  // namespace
}  // namespace sterna::text
