// SPDX-License-Identifier: Apache-2.0
//
// Ids and texts as the sentencepiece package gives them, for small vocabularies of both kinds (tests/data/README.md).
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "format/gguf_file.h"
#include "golden_vectors.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace sterna::text {
namespace {

class SentencePieceGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    vectors_ = ReadPieceVectors(GetParam());
    const auto file = format::GgufFile::Open(vectors_.vocabulary_file);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    auto vocabulary = ReadVocabulary(*file);
    ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
    auto tokenizer = Tokenizer::Create(std::move(*vocabulary));
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
    tokenizer_ = *std::move(tokenizer);
    EXPECT_EQ(tokenizer_->vocabulary().warnings, std::vector<std::string>());
  }

  std::vector<TokenId> Encode(const std::string& text) const {
    const auto ids = tokenizer_->Encode(text, /*trusted=*/false, /*add_special=*/false);
    EXPECT_TRUE(ids.ok()) << ids.status().ToString();
    return ids.ok() ? *ids : std::vector<TokenId>();
  }

  PieceVectors vectors_;
  std::unique_ptr<const Tokenizer> tokenizer_;
};

TEST_P(SentencePieceGolden, GivesTheIdsOfTheReference) {
  const GoldenTexts texts = ReadGoldenTexts();
  ASSERT_EQ(texts.texts.size(), vectors_.ids.size());
  for (size_t i = 0; i < texts.texts.size(); ++i) {
    EXPECT_EQ(Encode(texts.texts[i]), vectors_.ids[i]) << "text " << i << ": " << texts.texts[i];
  }
  ASSERT_EQ(8 * texts.fuzz_texts.size(), vectors_.fuzz.size());
  for (size_t i = 0; i < texts.fuzz_texts.size(); ++i) {
    EXPECT_EQ(HashIds(Encode(texts.fuzz_texts[i])), vectors_.fuzz.substr(8 * i, 8)) << texts.fuzz_texts[i];
  }
}

TEST_P(SentencePieceGolden, GivesTheIdsOfAHundredThousandTexts) { CheckManyTexts(*tokenizer_, vectors_.many); }

TEST_P(SentencePieceGolden, DecodesAsTheReferenceDoes) {
  const GoldenTexts texts = ReadGoldenTexts();
  const TokenId unknown = tokenizer_->vocabulary().unknown.value();  // shown by its own text here
  for (size_t i = 0; i < texts.texts.size(); ++i) {
    if (std::count(vectors_.ids[i].begin(), vectors_.ids[i].end(), unknown) > 0) continue;
    EXPECT_EQ(*tokenizer_->Decode(vectors_.ids[i]), vectors_.decoded[i].value_or(texts.texts[i])) << "text " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(SmallVocabularies, SentencePieceGolden,
                         testing::Values("sp-bpe", "sp-bpe-open", "sp-unigram", "sp-unigram-open"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Of a real vocabulary of 262,144 tokens, as llama.cpp gives them.
TEST(GemmaGolden, GivesTheIdsOfTheReference) {
  const char* path = std::getenv("STERNA_GEMMA3_270M");
  if (path == nullptr || !std::filesystem::exists(path)) {
    GTEST_SKIP() << "Gemma 3 270M is not here: STERNA_GEMMA3_270M names no file (tools/fetch_test_model.sh makes it)";
  }
  const auto file = format::GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto tokenizer = Tokenizer::Create(ReadVocabulary(*file).value());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  EXPECT_EQ((*tokenizer)->vocabulary().warnings, std::vector<std::string>());
  const GoldenTexts texts = ReadGoldenTexts();
  const HashedIds expected = ReadGemmaHashes();
  const auto check = [&](const std::vector<std::string>& given, const std::string& hashes) {
    ASSERT_EQ(8 * given.size(), hashes.size());
    for (size_t i = 0; i < given.size(); ++i) {
      const auto ids = (*tokenizer)->Encode(given[i], /*trusted=*/false, /*add_special=*/false);
      ASSERT_TRUE(ids.ok()) << ids.status().ToString();
      EXPECT_EQ(HashIds(*ids), hashes.substr(8 * i, 8)) << given[i];
      EXPECT_EQ(*(*tokenizer)->Decode(*ids), given[i]);
    }
  };
  check(texts.texts, expected.texts);
  check(texts.fuzz_texts, expected.fuzz);
}

}  // namespace
}  // namespace sterna::text
