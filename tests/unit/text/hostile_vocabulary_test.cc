// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies that no converter writes: each is refused with a message that names the file, the key and the limit, or
// loads with a warning (docs/tokenizers.md has the table).
#include <limits>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/tokenizer.h"
#include "text/vocabulary.h"
#include "vocabulary_file.h"

namespace sterna::text {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

void ExpectRefused(const VocabularyFile& file, StatusCode code, const std::vector<std::string>& parts) {
  const Status status = file.Read().status();
  EXPECT_EQ(status.code(), code) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("v.gguf"));
  for (const std::string& part : parts) EXPECT_THAT(status.message(), HasSubstr(part));
}

// The warnings of a vocabulary that loads, reading and building together.
std::vector<std::string> WarningsOf(const VocabularyFile& file) {
  auto vocabulary = file.Read();
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  if (!vocabulary.ok()) return {};
  const auto tokenizer = Tokenizer::Create(std::move(*vocabulary));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  if (!tokenizer.ok()) return {};
  EXPECT_EQ(*(*tokenizer)->Decode(*(*tokenizer)->Encode("ab \xff", true, false)), "ab \xff");
  return (*tokenizer)->vocabulary().warnings;
}

// "a", "b", "ab", a space, the byte tokens asked for; model "llama".
VocabularyFile PieceFile(size_t bytes = 256) {
  VocabularyFile file;
  file.model = "llama";
  file.merges.reset();
  file.tokens = {{"a", "b", "ab", "\u2581", "<unk>"}};
  file.kinds = {{1, 1, 1, 1, 2}};
  for (size_t byte = 0; byte < bytes; ++byte) {
    file.tokens->push_back(fmt::format("<0x{:02X}>", byte));
    file.kinds->push_back(6);
  }
  file.scores = std::vector<float>(file.tokens->size(), -1.0f);
  file.bos.reset();
  file.eos.reset();
  file.add_bos = false;
  return file;
}

TEST(HostilePieces, WithoutScoresAreRefused) {
  VocabularyFile file = PieceFile();
  file.scores.reset();
  const auto tokenizer = Tokenizer::Create(file.Read().value());
  EXPECT_EQ(tokenizer.status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(tokenizer.status().message(), HasSubstr("tokenizer.ggml.scores is missing"));
}

TEST(HostilePieces, WithAMapOfCharactersAreRefused) {
  VocabularyFile file = PieceFile();
  file.more = [](format::GgufWriter& writer) { writer.AddString("tokenizer.ggml.precompiled_charsmap", "x"); };
  const auto tokenizer = Tokenizer::Create(file.Read().value());
  EXPECT_EQ(tokenizer.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(tokenizer.status().message(), HasSubstr("precompiled_charsmap"));
}

TEST(HostilePieces, WithScoresThatAreNoNumbersLoadWithAWarning) {
  VocabularyFile file = PieceFile();
  (*file.scores)[2] = std::numeric_limits<float>::quiet_NaN();
  (*file.scores)[0] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(WarningsOf(file), Contains(AllOf(HasSubstr("tokenizer.ggml.scores"), HasSubstr("2 values"))));
}

TEST(HostilePieces, WithASpaceInATokenWarnAndNeverGiveIt) {
  VocabularyFile file = PieceFile();
  file.tokens->push_back("b a");
  file.kinds->push_back(1);
  file.scores->push_back(100.0f);
  EXPECT_THAT(WarningsOf(file), Contains(HasSubstr("1 normal tokens with a space in them")));
}

TEST(HostilePieces, WithoutByteAndUnknownTokensRefuseWhatTheyCannotSpell) {
  VocabularyFile file = PieceFile(255);
  (*file.kinds)[4] = 1;  // and no key names it
  const auto tokenizer = Tokenizer::Create(file.Read().value());
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_THAT((*tokenizer)->vocabulary().warnings, Contains(HasSubstr("1 byte tokens and the unknown token")));
  EXPECT_TRUE((*tokenizer)->Encode("ab a", true, false).ok());
  const Status refused = (*tokenizer)->Encode("ab\x7f", true, false).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("0x7F"));
}

// No place to cut, every pair a candidate: time grows with n log n, not n^2.
TEST(HostilePieces, TakeMegabytesWithoutASpace) {
  for (const char* model : {"llama", "t5"}) {
    VocabularyFile file = PieceFile();
    file.model = model;
    for (const char* more : {"aa", "aaaa", "aaaaaaaa"}) {
      file.tokens->push_back(more);
      file.kinds->push_back(1);
      file.scores->push_back(-0.5f);
    }
    const auto tokenizer = Tokenizer::Create(file.Read().value());
    ASSERT_TRUE(tokenizer.ok());
    const std::string text(size_t{2} << 20, 'a');
    const auto ids = (*tokenizer)->Encode(text, true, false);
    ASSERT_TRUE(ids.ok());
    EXPECT_EQ(ids->size(), text.size() / 8 + 1);  // and the space in front
    EXPECT_EQ(*(*tokenizer)->Decode(*ids), text);
  }
}

// A token of any length would be tried at every place.
TEST(HostilePieces, OfUnigramAreNotTriedOverALength) {
  VocabularyFile file = PieceFile();
  file.model = "t5";
  file.tokens->push_back(std::string(60000, 'a'));
  file.tokens->push_back(std::string(128, 'a'));
  for (int i = 0; i < 2; ++i) {
    file.kinds->push_back(1);
    file.scores->push_back(-0.5f);
  }
  auto vocabulary = file.Read().value();
  vocabulary.add_eos = false;
  const auto tokenizer = Tokenizer::Create(std::move(vocabulary));
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_THAT((*tokenizer)->vocabulary().warnings, Contains(HasSubstr("1 tokens over 128 bytes")));
  const auto ids = (*tokenizer)->Encode(std::string(size_t{1} << 18, 'a'), true, false);
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(ids->size(), (size_t{1} << 18) / 128 + 1);
}

TEST(HostilePieces, RefuseARunOverTheLimit) {
  const auto tokenizer = Tokenizer::Create(PieceFile().Read().value());
  ASSERT_TRUE(tokenizer.ok());
  std::string text;
  for (size_t i = 0; i < size_t{9} << 20; ++i) text += "ab";
  EXPECT_TRUE((*tokenizer)->Encode(text, true, false).ok());  // b a is a border
  VocabularyFile file = PieceFile();
  file.tokens->push_back("ba");
  file.kinds->push_back(1);
  file.scores->push_back(-9.0f);
  const auto other = Tokenizer::Create(file.Read().value());
  ASSERT_TRUE(other.ok());
  const Status refused = (*other)->Encode(text, true, false).status();
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(), HasSubstr("16777216"));
}

TEST(HostileVocabulary, WithoutAModelOrTokensIsRefused) {
  VocabularyFile file;
  file.model.reset();
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.model"});
  file = VocabularyFile();
  file.tokens.reset();
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.tokens"});
}

TEST(HostileVocabulary, OfNoTokensIsRefused) {
  VocabularyFile file;
  file.tokens->clear();
  file.kinds->clear();
  ExpectRefused(file, StatusCode::kUnsupported, {"tokenizer.ggml.tokens", "4194304"});
}

TEST(HostileVocabulary, OfTooManyTokensIsRefused) {
  VocabularyFile file;
  file.tokens->resize(kMaxTokens + 1);
  ExpectRefused(file, StatusCode::kUnsupported, {"tokenizer.ggml.tokens", "4194305", "4194304"});
}

TEST(HostileVocabulary, OfOneTokenLoadsAndSaysWhatItCannotEncode) {
  VocabularyFile file;
  file.tokens = {"a"};
  file.kinds = {1};
  file.bos.reset();
  file.eos.reset();
  auto vocabulary = file.Read();
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  const auto tokenizer = Tokenizer::Create(std::move(*vocabulary));
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_THAT(*(*tokenizer)->Encode("aa", true, true), testing::ElementsAre(0, 0));
  EXPECT_EQ((*tokenizer)->Encode("b", true, true).status().code(), StatusCode::kInvalidArgument);
}

TEST(HostileVocabulary, WithAnOverlongTokenIsRefused) {
  VocabularyFile file;
  file.tokens->push_back(std::string(1 << 20, 'a'));
  file.kinds->push_back(1);
  ExpectRefused(file, StatusCode::kUnsupported, {"token 260", "1048576", "65536"});
}

TEST(HostileVocabulary, WithArraysOfOtherLengthsIsRefused) {
  for (const size_t count : {size_t(0), size_t(259), size_t(261)}) {
    VocabularyFile file;
    file.scores.emplace(count, 0.0f);
    ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.scores", std::to_string(count), "260"});
    file = VocabularyFile();
    file.kinds->resize(count, 1);
    ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.token_type", std::to_string(count), "260"});
  }
}

TEST(HostileVocabulary, WithArraysOfOtherElementTypesIsRefused) {
  const std::vector<std::string> strings(260, "1");
  const std::vector<float> floats(260, 1.0f);
  const std::vector<int32_t> integers(260, 1);
  VocabularyFile file;
  file.kinds.reset();
  file.more = [&](format::GgufWriter& writer) { writer.AddF32s("tokenizer.ggml.token_type", floats); };
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.token_type"});
  file.more = [&](format::GgufWriter& writer) { writer.AddStrings("tokenizer.ggml.scores", strings); };
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.scores"});
  file = VocabularyFile();
  file.merges.reset();
  file.more = [&](format::GgufWriter& writer) { writer.AddI32s("tokenizer.ggml.merges", integers); };
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.merges"});
  file = VocabularyFile();
  file.tokens.reset();
  file.more = [&](format::GgufWriter& writer) { writer.AddI32s("tokenizer.ggml.tokens", integers); };
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.tokens"});
}

TEST(HostileVocabulary, WithScalarsOfOtherTypesIsRefused) {
  VocabularyFile file;
  file.bos.reset();
  file.more = [](format::GgufWriter& writer) { writer.AddString("tokenizer.ggml.bos_token_id", "257"); };
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.bos_token_id"});
  file = VocabularyFile();
  file.model.reset();
  file.more = [](format::GgufWriter& writer) { writer.AddU32("tokenizer.ggml.model", 1); };
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.model"});
}

TEST(HostileVocabulary, WithSpecialIdsOutsideIsRefused) {
  for (const char* name : {"eot", "eom", "unknown", "padding"}) {
    for (const uint32_t id : {260u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
      const std::string key = std::string("tokenizer.ggml.") + name + "_token_id";
      VocabularyFile file;
      file.more = [&](format::GgufWriter& writer) { writer.AddU32(key, id); };
      ExpectRefused(file, StatusCode::kCorrupt, {key, std::to_string(id), "260"});
    }
  }
}

TEST(HostileVocabulary, WithMalformedMergesIsRefused) {
  for (const char* merge : {"", " ", "a", "a ", " a", "a b c", "a  b", "  "}) {
    VocabularyFile file;
    file.merges = {"a b", merge};
    ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.merges", "number 1"});
  }
  VocabularyFile file;
  file.merges.reset();
  ExpectRefused(file, StatusCode::kCorrupt, {"tokenizer.ggml.merges", "missing"});
}

TEST(HostileVocabulary, WithMergesOfUnknownPartsLoadsWithAWarning) {
  VocabularyFile file;
  file.merges = {"a b", "b a", "ab zz", "\u6d77 a", "<|eot_id|> a"};
  EXPECT_THAT(WarningsOf(file), Contains(AllOf(HasSubstr("4 merges"), HasSubstr("number 1"))));
}

TEST(HostileVocabulary, WithMergesInACircleStillEndsMerging) {
  VocabularyFile file;
  file.merges = {"a b", "ab a", "b a", "ba b", "aba b", "a b", "ab ab"};
  for (const char* token : {"aba", "ba", "bab", "abab"}) {
    file.tokens->insert(file.tokens->begin() + 257, token);
    file.kinds->insert(file.kinds->begin(), 1);
  }
  auto tokenizer = Tokenizer::Create(std::move(*file.Read()));
  ASSERT_TRUE(tokenizer.ok());
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "ab";
  EXPECT_EQ(*(*tokenizer)->Decode(*(*tokenizer)->Encode(text, false, false)), text);
}

TEST(HostileVocabulary, WithAMillionMergesLoads) {
  VocabularyFile file;
  file.merges->assign(1000000, "a b");
  EXPECT_THAT(WarningsOf(file), testing::IsEmpty());
}

TEST(HostileVocabulary, WithDuplicateAndEmptyTokensLoadsWithAWarning) {
  VocabularyFile file;
  for (const char* token : {"a", "", ""}) {
    file.tokens->push_back(token);
    file.kinds->push_back(1);
  }
  EXPECT_THAT(WarningsOf(file), testing::IsSupersetOf({HasSubstr("1 duplicate"), HasSubstr("2 empty")}));
}

TEST(HostileVocabulary, WithOddByteTokensIndexesNothing) {
  VocabularyFile file;
  for (const char* token : {"<0x-1>", "<0xGG>", "<0x100>", "<0x>", "<0x4", "", "<0x41>"}) {
    file.tokens->push_back(token);
    file.kinds->push_back(6);
  }
  EXPECT_THAT(WarningsOf(file), Contains(HasSubstr("6 byte tokens")));
}

TEST(HostileVocabulary, WithKindsOutsideTheirRangeLoadsWithAWarning) {
  VocabularyFile file;
  (*file.kinds)[0] = 0;
  (*file.kinds)[1] = 7;
  (*file.kinds)[2] = -1;
  EXPECT_THAT(WarningsOf(file), Contains(HasSubstr("3 tokens have a kind")));
}

TEST(HostileVocabulary, WithTokensThatAreNotUtf8LoadsWithAWarning) {
  VocabularyFile file;
  file.tokens->push_back("\xff\xfe");
  file.kinds->push_back(1);
  file.tokens->push_back("\xff<|x|>");
  file.kinds->push_back(3);
  EXPECT_THAT(WarningsOf(file), Contains(HasSubstr("outside the byte alphabet")));
}

TEST(HostileVocabulary, WithALongSpecialTokenDoesNotSlowTextDown) {
  VocabularyFile file;
  file.tokens->push_back(std::string(60000, 'a'));
  file.kinds->push_back(4);
  file.tokens->push_back(std::string(256, 'a') + "b");
  file.kinds->push_back(4);
  auto tokenizer = Tokenizer::Create(std::move(*file.Read()));
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_THAT((*tokenizer)->vocabulary().warnings, Contains(HasSubstr("256 bytes")));
  EXPECT_TRUE((*tokenizer)->Encode(std::string(1000000, 'a'), false, false).ok());
}

}  // namespace
}  // namespace sterna::text
