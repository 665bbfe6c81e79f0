// SPDX-License-Identifier: Apache-2.0
#include "vocabulary_file.h"

#include <gtest/gtest.h>

#include "format/gguf_file.h"
#include "text/byte_alphabet.h"

namespace sterna::text {

VocabularyFile::VocabularyFile() {
  tokens.emplace();
  for (int byte = 0; byte < 256; ++byte) tokens->push_back(EncodeAlphabet(std::string(1, char(byte))));
  kinds.emplace(257, 1);
  for (const char* text : {"ab", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"}) tokens->push_back(text);
  kinds->resize(tokens->size(), 3);
}

std::vector<std::byte> VocabularyFile::Bytes() const {
  format::GgufWriter writer;
  if (architecture) writer.AddString("general.architecture", *architecture);
  if (model) writer.AddString("tokenizer.ggml.model", *model);
  if (pre) writer.AddString("tokenizer.ggml.pre", *pre);
  if (tokens) writer.AddStrings("tokenizer.ggml.tokens", *tokens);
  if (scores) writer.AddF32s("tokenizer.ggml.scores", *scores);
  if (kinds) writer.AddI32s("tokenizer.ggml.token_type", *kinds);
  if (merges) writer.AddStrings("tokenizer.ggml.merges", *merges);
  if (bos) writer.AddU32("tokenizer.ggml.bos_token_id", *bos);
  if (eos) writer.AddU32("tokenizer.ggml.eos_token_id", *eos);
  if (add_bos) writer.AddBool("tokenizer.ggml.add_bos_token", *add_bos);
  if (more) more(writer);
  auto bytes = writer.Serialize();
  EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
  return bytes.ok() ? *bytes : std::vector<std::byte>();
}

Result<Vocabulary> VocabularyFile::Read() const {
  const std::vector<std::byte> bytes = Bytes();
  const auto file = format::GgufFile::Parse(bytes, "v.gguf");
  if (!file.ok()) return file.status();
  return ReadVocabulary(*file);
}

}  // namespace sterna::text
