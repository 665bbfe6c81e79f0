// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/piece_vocabulary.h"
#include "text/special_tokens.h"
#include "text/tokenizer.h"

namespace sterna::text {

// tokenizer.ggml.model "llama" (byte-pair encoding by scores) and "t5" (unigram): special tokens are cut out, a space
// is put in front of what is left where the file says so, and text outside the vocabulary becomes byte tokens.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  // Corrupt without scores; Unsupported for a file with a map of characters (tokenizer.ggml.precompiled_charsmap).
  static Result<std::unique_ptr<const Tokenizer>> Create(Vocabulary vocabulary);

  // ResourceExhausted for a run of text over kMaxRunBytes that no border of tokens cuts. InvalidArgument for text that
  // the vocabulary cannot spell.
  Result<std::vector<TokenId>> Encode(std::span<const TextPiece> pieces) const override;
  using Tokenizer::Encode;

  std::string_view TokenBytes(TokenId id, bool control) const override;
  std::optional<StoredTables> Tables() const override { return std::nullopt; }  // quick enough to build

  static constexpr size_t kMaxRunBytes = size_t(1) << 24;

 private:
  SentencePieceTokenizer(Vocabulary vocabulary, PieceVocabulary pieces, SpecialTokens special_tokens);
  class Encoding;

  PieceVocabulary pieces_;
  SpecialTokens special_tokens_;
};

}  // namespace sterna::text
