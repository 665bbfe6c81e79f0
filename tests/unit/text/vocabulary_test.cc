// SPDX-License-Identifier: Apache-2.0
#include "text/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/tokenizer.h"
#include "vocabulary_file.h"

namespace sterna::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Vocabulary ReadOrFail(const VocabularyFile& file) {
  auto vocabulary = file.Read();
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  return vocabulary.ok() ? std::move(*vocabulary) : Vocabulary();
}

TEST(Vocabulary, ReadsAFileWithoutTensors) {
  const Vocabulary vocabulary = ReadOrFail(VocabularyFile());
  EXPECT_EQ(vocabulary.model, "gpt2");
  EXPECT_EQ(vocabulary.tokens.size(), 260u);
  EXPECT_EQ(vocabulary.kinds[259], TokenKind::kControl);
  EXPECT_THAT(vocabulary.merges, ElementsAre(std::pair("a", "b")));
  EXPECT_EQ(vocabulary.bos, 257);
  EXPECT_EQ(vocabulary.eos, 258);
  EXPECT_TRUE(vocabulary.add_bos);
  EXPECT_FALSE(vocabulary.add_eos);
  EXPECT_THAT(vocabulary.warnings, testing::IsEmpty());
  EXPECT_TRUE(Tokenizer::Create(vocabulary).ok());
}

TEST(Vocabulary, EndsGenerationOnTheFilesEosAndOnTokensKnownByTheirText) {
  const Vocabulary vocabulary = ReadOrFail(VocabularyFile());
  EXPECT_EQ(vocabulary.eot, 259);
  EXPECT_THAT(vocabulary.end_of_generation, ElementsAre(258, 259));
}

TEST(Vocabulary, EndsGenerationOnEotAndEomOfTheFile) {
  VocabularyFile file;
  file.more = [](format::GgufWriter& writer) {
    writer.AddU32("tokenizer.ggml.eot_token_id", 7);
    writer.AddU32("tokenizer.ggml.eom_token_id", 5);
  };
  const Vocabulary vocabulary = ReadOrFail(file);
  EXPECT_EQ(vocabulary.eot, 7);
  EXPECT_THAT(vocabulary.end_of_generation, ElementsAre(5, 7, 258, 259));
}

TEST(Vocabulary, WarnsWhenNothingEndsGeneration) {
  VocabularyFile file;
  file.eos.reset();
  file.kinds->assign(file.tokens->size(), 1);
  const Vocabulary vocabulary = ReadOrFail(file);
  EXPECT_THAT(vocabulary.end_of_generation, testing::IsEmpty());
  EXPECT_FALSE(vocabulary.eot.has_value());
  EXPECT_THAT(vocabulary.warnings, testing::Contains(HasSubstr("ends a text")));
}

TEST(Vocabulary, InfersAMissingPreTokenizerAndKeepsTheReason) {
  VocabularyFile file;
  Vocabulary vocabulary = ReadOrFail(file);
  EXPECT_EQ(vocabulary.pre_tokenizer, "llama-bpe");
  EXPECT_TRUE(vocabulary.ignore_merges);
  EXPECT_THAT(vocabulary.pre_reason, testing::AllOf(HasSubstr("missing"), HasSubstr("architecture")));

  file.architecture = "llama";
  file.tokens->insert(file.tokens->begin() + 257, "<|start_header_id|>");
  file.kinds->push_back(3);
  vocabulary = ReadOrFail(file);
  EXPECT_EQ(vocabulary.pre_tokenizer, "llama-bpe");
  EXPECT_THAT(vocabulary.pre_reason, HasSubstr("special tokens"));
}

TEST(Vocabulary, InfersThePreTokenizerFromLlama3sSizeAndBos) {
  VocabularyFile file;
  file.architecture.reset();
  for (size_t id = file.tokens->size(); id < 128256; ++id) file.tokens->push_back("t" + std::to_string(id));
  file.kinds->resize(128256, 1);
  file.bos = 128000;
  EXPECT_THAT(ReadOrFail(file).pre_reason, HasSubstr("size and BOS"));
  file.bos = 127999;
  EXPECT_EQ(file.Read().status().code(), StatusCode::kUnsupported);
}

TEST(Vocabulary, RefusesToGuessAPreTokenizer) {
  VocabularyFile file;
  file.architecture = "mamba";
  const Status status = file.Read().status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), testing::AllOf(HasSubstr("v.gguf"), HasSubstr("tokenizer.ggml.pre"), HasSubstr("mamba"),
                                               HasSubstr("qwen2")));
}

TEST(Vocabulary, RefusesAnUnknownPreTokenizerAndNamesTheKnown) {
  VocabularyFile file;
  file.pre = "tekken";
  const Status status = file.Read().status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), testing::AllOf(HasSubstr("tekken"), HasSubstr("llama-bpe")));
}

TEST(Vocabulary, TakesStoredFlagsOverWhatThePreTokenizerImplies) {
  VocabularyFile file;
  file.pre = "llama3";
  file.add_bos.reset();
  EXPECT_TRUE(ReadOrFail(file).add_bos);
  file.add_bos = false;
  EXPECT_FALSE(ReadOrFail(file).add_bos);
  file.pre = "qwen2";
  file.add_bos.reset();
  file.more = [](format::GgufWriter& writer) { writer.AddBool("tokenizer.ggml.add_eos_token", true); };
  const Vocabulary vocabulary = ReadOrFail(file);
  EXPECT_FALSE(vocabulary.add_bos);
  EXPECT_TRUE(vocabulary.add_eos);
  EXPECT_FALSE(vocabulary.ignore_merges);
}

TEST(Vocabulary, AddsNoBosThatTheFileDoesNotName) {
  VocabularyFile file;
  file.bos.reset();
  const Vocabulary vocabulary = ReadOrFail(file);
  EXPECT_FALSE(vocabulary.add_bos);
  EXPECT_THAT(vocabulary.warnings, ElementsAre(HasSubstr("bos_token_id")));
}

TEST(Vocabulary, TakesTokensSpelledLikeControlTokensForThemWithoutStoredKinds) {
  VocabularyFile file;
  file.kinds.reset();
  file.bos = 3;
  const Vocabulary vocabulary = ReadOrFail(file);
  EXPECT_EQ(vocabulary.kinds[257], TokenKind::kControl);
  EXPECT_EQ(vocabulary.kinds[259], TokenKind::kControl);
  EXPECT_EQ(vocabulary.kinds[3], TokenKind::kControl);
  EXPECT_EQ(vocabulary.kinds[256], TokenKind::kNormal);
  EXPECT_THAT(vocabulary.end_of_generation, ElementsAre(258, 259));
  EXPECT_THAT(vocabulary.warnings, ElementsAre(HasSubstr("token_type")));
}

TEST(Vocabulary, KeepsTheChatTemplateAsStored) {
  VocabularyFile file;
  file.more = [](format::GgufWriter& writer) { writer.AddString("tokenizer.chat_template", "{{ x }}"); };
  EXPECT_EQ(ReadOrFail(file).chat_template, "{{ x }}");
}

TEST(Vocabulary, PassesOverAHugeChatTemplate) {
  VocabularyFile file;
  file.more = [](format::GgufWriter& writer) {
    writer.AddString("tokenizer.chat_template", std::string(10 << 20, '{'));
  };
  const Vocabulary vocabulary = ReadOrFail(file);
  EXPECT_EQ(vocabulary.chat_template, "");
  EXPECT_THAT(vocabulary.warnings, ElementsAre(HasSubstr("10485760")));
}

TEST(Vocabulary, ReadsOtherModelsForInspectionAndLeavesThemToTheTokenizer) {
  VocabularyFile file;
  file.model = "bert";
  file.merges.reset();
  auto vocabulary = file.Read();
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(Tokenizer::Create(std::move(*vocabulary)).status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace sterna::text
