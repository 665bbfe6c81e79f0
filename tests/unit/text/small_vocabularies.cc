// SPDX-License-Identifier: Apache-2.0
#include "small_vocabularies.h"

#include <gtest/gtest.h>

#include "text/byte_alphabet.h"

namespace sterna::text {

TokenId AddToken(Vocabulary& vocabulary, std::string text, TokenKind kind) {
  vocabulary.tokens.push_back(std::move(text));
  vocabulary.kinds.push_back(kind);
  return TokenId(vocabulary.tokens.size() - 1);
}

Vocabulary MakeByteVocabulary(const std::vector<std::pair<std::string, std::string>>& merges) {
  Vocabulary vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pre_tokenizer = "llama-bpe";
  for (int byte = 0; byte < 256; ++byte) {
    AddToken(vocabulary, EncodeAlphabet(std::string(1, char(byte))), TokenKind::kNormal);
  }
  for (const auto& [left, right] : merges) {
    AddToken(vocabulary, EncodeAlphabet(left + right), TokenKind::kNormal);
    vocabulary.merges.emplace_back(EncodeAlphabet(left), EncodeAlphabet(right));
  }
  vocabulary.bos = AddToken(vocabulary, "<bos>", TokenKind::kControl);
  vocabulary.eos = AddToken(vocabulary, "<eos>", TokenKind::kControl);
  vocabulary.eot = AddToken(vocabulary, "<|eot_id|>", TokenKind::kControl);
  vocabulary.add_bos = true;
  vocabulary.end_of_generation = {*vocabulary.eos, *vocabulary.eot};
  return vocabulary;
}

std::unique_ptr<const Tokenizer> MakeTokenizer(Vocabulary vocabulary) {
  auto tokenizer = Tokenizer::Create(std::move(vocabulary));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  return tokenizer.ok() ? std::move(*tokenizer) : nullptr;
}

}  // namespace sterna::text
