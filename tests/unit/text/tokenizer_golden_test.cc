// SPDX-License-Identifier: Apache-2.0
//
// Every id as the reference tokenizers give it. Llama 3's own vocabulary is a download (tests/data/README.md); the test
// looks for it where STERNA_LLAMA3_VOCAB points, and at the place where `make test` puts it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/gguf_file.h"
#include "golden_vectors.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace sterna::text {
namespace {

std::unique_ptr<const Tokenizer> OpenTokenizer(const std::string& path, bool ignore_merges) {
  auto file = format::GgufFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (!file.ok()) return nullptr;
  auto vocabulary = ReadVocabulary(*file);
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  if (!vocabulary.ok()) return nullptr;
  vocabulary->ignore_merges = ignore_merges;
  auto tokenizer = Tokenizer::Create(std::move(*vocabulary));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  return tokenizer.ok() ? std::move(*tokenizer) : nullptr;
}

void CheckTexts(const Tokenizer& tokenizer, const GoldenTexts& texts, const GoldenVectors& vectors) {
  ASSERT_EQ(texts.texts.size(), vectors.special.size());
  ASSERT_EQ(texts.texts.size(), vectors.plain.size());
  for (size_t i = 0; i < texts.texts.size(); ++i) {
    const auto special = tokenizer.Encode(texts.texts[i], /*trusted=*/true, /*add_special=*/false);
    ASSERT_TRUE(special.ok()) << special.status().ToString();
    EXPECT_EQ(*special, vectors.special[i]) << "special, text " << i << ": " << texts.texts[i];
    const auto plain = tokenizer.Encode(texts.texts[i], /*trusted=*/false, /*add_special=*/false);
    ASSERT_TRUE(plain.ok()) << plain.status().ToString();
    EXPECT_EQ(*plain, vectors.plain[i].value_or(vectors.special[i])) << "plain, text " << i << ": " << texts.texts[i];
    EXPECT_EQ(*tokenizer.Decode(*special), texts.texts[i]) << "decoding special, text " << i;
    EXPECT_EQ(*tokenizer.Decode(*plain), texts.texts[i]) << "decoding plain, text " << i;
  }
}

void CheckFuzzTexts(const Tokenizer& tokenizer, const GoldenTexts& texts, const GoldenVectors& vectors) {
  ASSERT_EQ(8 * texts.fuzz_texts.size(), vectors.fuzz_special.size());
  for (size_t i = 0; i < texts.fuzz_texts.size(); ++i) {
    for (const bool trusted : {true, false}) {
      const auto ids = tokenizer.Encode(texts.fuzz_texts[i], trusted, /*add_special=*/false);
      ASSERT_TRUE(ids.ok()) << ids.status().ToString();
      const std::string& expected = trusted ? vectors.fuzz_special : vectors.fuzz_plain;
      EXPECT_EQ(HashIds(*ids), expected.substr(8 * i, 8)) << "trusted " << trusted << ", text: " << texts.fuzz_texts[i];
    }
  }
}

class TokenizerGolden : public testing::TestWithParam<std::string> {};

TEST_P(TokenizerGolden, GivesTheIdsOfTheReference) {
  const GoldenVectors vectors = ReadGoldenVectors(GetParam());
  const auto tokenizer = OpenTokenizer(vectors.vocabulary_file, vectors.ignore_merges);
  ASSERT_NE(tokenizer, nullptr);
  const GoldenTexts texts = ReadGoldenTexts();
  CheckTexts(*tokenizer, texts, vectors);
  CheckFuzzTexts(*tokenizer, texts, vectors);
}

INSTANTIATE_TEST_SUITE_P(SmallVocabularies, TokenizerGolden,
                         testing::Values("bpe-llama3", "bpe-llama3-merges", "bpe-qwen2"), [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class Llama3Golden : public testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("STERNA_LLAMA3_VOCAB");
    if (path == nullptr || !std::filesystem::exists(path)) {
      GTEST_SKIP() << "Llama 3's vocabulary is not here: STERNA_LLAMA3_VOCAB names no file (tests/data/README.md says "
                      "how to make it)";
    }
    path_ = path;
  }
  std::string path_;
};

TEST_F(Llama3Golden, GivesTheIdsOfTheReference) {
  const GoldenVectors vectors = ReadGoldenVectors("llama3");
  const auto tokenizer = OpenTokenizer(path_, vectors.ignore_merges);
  ASSERT_NE(tokenizer, nullptr);
  const GoldenTexts texts = ReadGoldenTexts();
  CheckTexts(*tokenizer, texts, vectors);
  CheckFuzzTexts(*tokenizer, texts, vectors);
}

TEST_F(Llama3Golden, ReadsAsThePublishedFileIsToBeRead) {
  auto file = format::GgufFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto vocabulary = ReadVocabulary(*file);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(vocabulary->pre_tokenizer, "llama-bpe");
  EXPECT_THAT(vocabulary->pre_reason, testing::HasSubstr("missing"));
  EXPECT_TRUE(vocabulary->ignore_merges);
  EXPECT_TRUE(vocabulary->add_bos);
  EXPECT_EQ(vocabulary->bos, 128000);
  EXPECT_EQ(vocabulary->eot, 128009);
  EXPECT_THAT(vocabulary->end_of_generation, testing::IsSupersetOf({128001, 128009}));
  EXPECT_THAT(vocabulary->warnings, testing::IsEmpty());
}

}  // namespace
}  // namespace sterna::text
