// SPDX-License-Identifier: Apache-2.0
//
// The seeds of the tokenizer's fuzz target, and what fuzzing has found, on every run of the tests.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tokenizer_fuzz_body.h"

namespace sterna::fuzz {
namespace {

std::vector<uint8_t> ReadBytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(TokenizerCorpus, HasNothingWrong) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(STERNA_FUZZ_CORPUS "/tokenizer")) {
    const std::vector<uint8_t> input = ReadBytes(entry.path());
    EXPECT_EQ(CheckTokenizerInput(input), "") << entry.path();
    for (const size_t kept : {input.size() / 2, input.size() - 1}) {
      EXPECT_EQ(CheckTokenizerInput(std::span(input).first(kept)), "")
          << entry.path() << ", first " << kept << " bytes";
    }
    ++count;
  }
  EXPECT_GE(count, 10u);
}

TEST(TokenizerCorpus, ReachesAVocabularyFile) {
  const std::vector<uint8_t> input = ReadBytes(STERNA_FUZZ_CORPUS "/tokenizer/vocabulary_file");
  ASSERT_FALSE(input.empty());
  const auto file = format::GgufFile::Parse(std::as_bytes(std::span(input).subspan(1)), "seed");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  auto vocabulary = text::ReadVocabulary(*file);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_TRUE(text::Tokenizer::Create(std::move(*vocabulary)).ok());
}

}  // namespace
}  // namespace sterna::fuzz
