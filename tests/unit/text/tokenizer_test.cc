// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "small_vocabularies.h"
#include "text/byte_level_tokenizer.h"
#include "text/utf8_stream.h"

namespace sterna::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<TokenId>;

Ids Encode(const Tokenizer& tokenizer, const std::vector<TextPiece>& pieces) {
  const auto ids = tokenizer.Encode(pieces);
  EXPECT_TRUE(ids.ok()) << ids.status().ToString();
  return ids.ok() ? *ids : Ids();
}

Ids Bytes(std::string_view text) {
  Ids ids;
  for (const char byte : text) ids.push_back(uint8_t(byte));
  return ids;
}

TEST(Tokenizer, TurnsControlTokensOfTrustedTextIntoTokens) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary());
  const TokenId eot = *tokenizer->vocabulary().eot;
  EXPECT_THAT(Encode(*tokenizer, {{"<|eot_id|>", true}}), ElementsAre(eot));
  EXPECT_THAT(Encode(*tokenizer, {{"a<|eot_id|>b", true}}), ElementsAre('a', eot, 'b'));
}

TEST(Tokenizer, LeavesControlTokensThatAUserTypedAsText) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary());
  EXPECT_EQ(Encode(*tokenizer, {{"<|eot_id|>", false}}), Bytes("<|eot_id|>"));
}

TEST(Tokenizer, DoesNotPutAControlTokenTogetherAcrossTheSeamOfTrust) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary());
  EXPECT_EQ(Encode(*tokenizer, {{"<|eot", true}, {"_id|>", false}}), Bytes("<|eot_id|>"));
  EXPECT_EQ(Encode(*tokenizer, {{"<|eot", false}, {"_id|>", true}}), Bytes("<|eot_id|>"));
  EXPECT_EQ(Encode(*tokenizer, {{"<|eot", true}, {"", false}, {"_id|>", true}}), Ids{*tokenizer->vocabulary().eot});
}

TEST(Tokenizer, DoesNotMakeAControlTokenByMergingOrAsAWholePiece) {
  Vocabulary vocabulary = MakeByteVocabulary({{"s", "t"}, {"st", "op"}, {"o", "p"}});
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (vocabulary.tokens[id] == "stop") vocabulary.kinds[id] = TokenKind::kControl;
  }
  vocabulary.ignore_merges = true;
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  const Ids ids = Encode(*tokenizer, {{"stop", false}});
  EXPECT_EQ(ids.size(), 2u);
  EXPECT_THAT(tokenizer->vocabulary().warnings, testing::Contains(HasSubstr("merges")));
}

TEST(Tokenizer, MergesAcrossTheSeamOfTwoPieces) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary({{" ", "H"}}));
  EXPECT_THAT(Encode(*tokenizer, {{": ", true}, {"Hi", false}}), ElementsAre(':', 256, 'i'));
}

TEST(Tokenizer, MatchesUserDefinedTokensInAnyText) {
  Vocabulary vocabulary = MakeByteVocabulary();
  const TokenId tool = AddToken(vocabulary, "[tool]", TokenKind::kUserDefined);
  const TokenId accented = AddToken(vocabulary, "caf\u00e9 ", TokenKind::kUserDefined);
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  const Ids ids = Encode(*tokenizer, {{"[tool]caf\u00e9 x", false}});
  EXPECT_THAT(ids, ElementsAre(tool, accented, 'x'));
  EXPECT_EQ(*tokenizer->Decode(ids), "[tool]caf\u00e9 x");
}

TEST(Tokenizer, TakesTheLeftmostThenTheLongestSpecialToken) {
  Vocabulary vocabulary = MakeByteVocabulary();
  const TokenId ab = AddToken(vocabulary, "ab", TokenKind::kUserDefined);
  const TokenId abc = AddToken(vocabulary, "abc", TokenKind::kUserDefined);
  const TokenId bcde = AddToken(vocabulary, "bcde", TokenKind::kUserDefined);
  const TokenId abcd = AddToken(vocabulary, "abcd", TokenKind::kControl);
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  EXPECT_THAT(Encode(*tokenizer, {{"abx", false}}), ElementsAre(ab, 'x'));
  EXPECT_THAT(Encode(*tokenizer, {{"abcde", false}}), ElementsAre(abc, 'd', 'e'));
  EXPECT_THAT(Encode(*tokenizer, {{"abcde", true}}), ElementsAre(abcd, 'e'));
  EXPECT_THAT(Encode(*tokenizer, {{"bcde", false}}), ElementsAre(bcde));
}

TEST(Tokenizer, NeverEmitsUnusedTokens) {
  Vocabulary vocabulary = MakeByteVocabulary({{"a", "b"}});
  vocabulary.kinds[256] = TokenKind::kUnused;
  vocabulary.ignore_merges = true;
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  EXPECT_THAT(Encode(*tokenizer, {{"ab", true}}), ElementsAre('a', 'b'));
}

TEST(Tokenizer, KeepsAPieceWholeOnlyWhereMergesAreIgnored) {
  for (const bool ignore : {true, false}) {
    Vocabulary vocabulary = MakeByteVocabulary({{"x", "y"}});
    const TokenId word = AddToken(vocabulary, "word", TokenKind::kNormal);
    vocabulary.ignore_merges = ignore;
    const auto tokenizer = MakeTokenizer(std::move(vocabulary));
    EXPECT_EQ(Encode(*tokenizer, {{"word", false}}), ignore ? Ids{word} : Bytes("word"));
  }
}

TEST(Tokenizer, AddsBosAndEosWhereTheVocabularySaysSo) {
  Vocabulary vocabulary = MakeByteVocabulary();
  vocabulary.add_eos = true;
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  const TokenId bos = *tokenizer->vocabulary().bos;
  const TokenId eos = *tokenizer->vocabulary().eos;
  EXPECT_THAT(*tokenizer->Encode("a", false, true), ElementsAre(bos, 'a', eos));
  EXPECT_THAT(*tokenizer->Encode("", false, true), ElementsAre(bos, eos));
  EXPECT_THAT(*tokenizer->Encode("a", false, false), ElementsAre('a'));
}

TEST(Tokenizer, GivesBackAnyBytes) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary({{"\xe6", "\xb5"}, {"\xff", "\xfe"}, {" ", " "}}));
  std::string bytes;
  for (int round = 0; round < 3; ++round) {
    for (int byte = 0; byte < 256; ++byte) bytes.push_back(char(round == 1 ? 255 - byte : byte));
  }
  for (const std::string& text :
       {bytes, std::string("\xed\xa0\x80 \xc0\x80\xf4\x90\x80\x80 \xe6\xb5"), std::string()}) {
    EXPECT_EQ(*tokenizer->Decode(Encode(*tokenizer, {{text, false}})), text);
  }
}

TEST(Tokenizer, HidesControlTokensWhenAskedTo) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary());
  const Ids ids = {*tokenizer->vocabulary().bos, 'a', *tokenizer->vocabulary().eot};
  EXPECT_EQ(*tokenizer->Decode(ids, /*control=*/true), "<bos>a<|eot_id|>");
  EXPECT_EQ(*tokenizer->Decode(ids, /*control=*/false), "a");
}

TEST(Tokenizer, RefusesToDecodeIdsOutsideTheVocabulary) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary());
  for (const TokenId id : {-1, TokenId(tokenizer->vocabulary_size()), 1 << 30}) {
    EXPECT_EQ(tokenizer->Decode(Ids{id}).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(tokenizer->TokenBytes(id, true), "");
    EXPECT_FALSE(tokenizer->IsEndOfGeneration(id));
  }
}

TEST(Tokenizer, DecodesTokensOutsideTheAlphabetAsTheirText) {
  Vocabulary vocabulary = MakeByteVocabulary();
  const TokenId raw = AddToken(vocabulary, "\u6d77 raw", TokenKind::kNormal);
  const TokenId byte = AddToken(vocabulary, "<0xE6>", TokenKind::kByte);
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  EXPECT_EQ(tokenizer->TokenBytes(raw), "\u6d77 raw");
  EXPECT_EQ(tokenizer->TokenBytes(byte), "\xe6");
}

TEST(Tokenizer, SaysWhichByteAVocabularyCannotSpell) {
  Vocabulary vocabulary = MakeByteVocabulary();
  vocabulary.kinds['b'] = TokenKind::kUnused;
  const auto tokenizer = MakeTokenizer(vocabulary);
  EXPECT_THAT(tokenizer->vocabulary().warnings, testing::Contains(HasSubstr("1 of the 256 bytes")));
  const auto ids = tokenizer->Encode("abc", false, false);
  EXPECT_EQ(ids.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(ids.status().message(), HasSubstr("0x62"));
}

TEST(Tokenizer, FallsBackToByteTokensThenToTheUnknownToken) {
  Vocabulary vocabulary = MakeByteVocabulary();
  vocabulary.kinds['b'] = TokenKind::kUnused;
  vocabulary.kinds['c'] = TokenKind::kUnused;
  vocabulary.unknown = AddToken(vocabulary, "<unk>", TokenKind::kUnknown);
  const TokenId byte = AddToken(vocabulary, "<0x62>", TokenKind::kByte);
  const TokenId unknown = *vocabulary.unknown;
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  EXPECT_THAT(Encode(*tokenizer, {{"abc", false}}), ElementsAre('a', byte, unknown));
}

TEST(Tokenizer, RefusesAPieceOverItsLimitAndTakesALongOneBelow) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary());
  const size_t limit = ByteLevelTokenizer::kMaxPieceBytes;
  const auto refused = tokenizer->Encode(std::string(limit + 1, 'a'), false, false);
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(), HasSubstr("16777216"));
  EXPECT_TRUE(tokenizer->Encode(std::string(limit / 16, ' ') + "a", false, false).ok());
}

std::string Repeat(std::string_view unit, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += unit;
  return text;
}

TEST(Tokenizer, TakesLongRunsOfAnyCharacter) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary({{" ", " "}, {"'", "'"}, {"7", "7"}, {"\xcc", "\x81"}}));
  std::vector<std::string> texts;
  for (const char* unit : {" ", "'", "7"}) texts.push_back(Repeat(unit, 1000000));
  for (const char* unit : {"a", "\n", "<", "<|", "\u0301", "\xff", "ab ", "a'"}) texts.push_back(Repeat(unit, 100000));
  for (const std::string& text : texts) {
    const auto ids = tokenizer->Encode(text, /*trusted=*/true, /*add_special=*/false);
    ASSERT_TRUE(ids.ok()) << ids.status().ToString();
    EXPECT_TRUE(*tokenizer->Decode(*ids) == text) << text.substr(0, 4);
  }
}

TEST(Tokenizer, StreamsWholeCharactersWhenTokensSplitThem) {
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary({{"\xf0", "\x9f"}}));
  const std::string text = "tern \U0001F426 \u6d77";
  Utf8Stream stream;
  std::string shown;
  for (const TokenId id : Encode(*tokenizer, {{text, false}})) shown += stream.Push(tokenizer->TokenBytes(id));
  EXPECT_EQ(shown, text);
}

TEST(Tokenizer, RefusesModelsAndPreTokenizersThatAreNotBuiltIn) {
  Vocabulary vocabulary = MakeByteVocabulary();
  vocabulary.pre_tokenizer = "tekken";
  const auto unknown_pre = Tokenizer::Create(vocabulary);
  EXPECT_EQ(unknown_pre.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(unknown_pre.status().message(), testing::AllOf(HasSubstr("tekken"), HasSubstr("llama-bpe")));
  vocabulary.model = "llama";
  EXPECT_THAT(Tokenizer::Create(vocabulary).status().message(), HasSubstr("'llama'"));
}

TEST(Tokenizer, RefusesVocabulariesThatContradictThemselves) {
  Vocabulary vocabulary = MakeByteVocabulary();
  vocabulary.kinds.pop_back();
  EXPECT_EQ(Tokenizer::Create(vocabulary).status().code(), StatusCode::kInvalidArgument);
  vocabulary = MakeByteVocabulary();
  vocabulary.bos = TokenId(vocabulary.tokens.size());
  EXPECT_EQ(Tokenizer::Create(vocabulary).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Tokenizer::Create(Vocabulary()).status().code(), StatusCode::kInvalidArgument);
}

TEST(Tokenizer, TakesTheFirstOfDuplicateTokensAndWarns) {
  Vocabulary vocabulary = MakeByteVocabulary();
  AddToken(vocabulary, "a", TokenKind::kNormal);
  AddToken(vocabulary, "<|eot_id|>", TokenKind::kControl);
  const auto tokenizer = MakeTokenizer(std::move(vocabulary));
  EXPECT_THAT(Encode(*tokenizer, {{"a<|eot_id|>", true}}), ElementsAre('a', *tokenizer->vocabulary().eot));
  EXPECT_THAT(tokenizer->vocabulary().warnings, testing::SizeIs(2));
  EXPECT_THAT(tokenizer->vocabulary().warnings, testing::Each(HasSubstr("duplicate")));
}

}  // namespace
}  // namespace sterna::text
