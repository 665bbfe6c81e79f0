// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/merge_table.h"
#include "text/pre_tokenizer.h"
#include "text/special_tokens.h"
#include "text/token_table.h"
#include "text/tokenizer.h"

namespace sterna::text {

// tokenizer.ggml.model "gpt2": special tokens are cut out, the rest is split into pieces, and each piece's bytes are
// merged pair by pair.
class ByteLevelTokenizer final : public Tokenizer {
 public:
  // Unsupported for a pre-tokenizer that is not built in.
  static Result<std::unique_ptr<const Tokenizer>> Create(Vocabulary vocabulary);

  // ResourceExhausted for a piece (a run of letters, say) over kMaxPieceBytes. InvalidArgument for a byte that the
  // vocabulary has no token for, where it also lacks an unknown token; complete vocabularies take any bytes.
  Result<std::vector<TokenId>> Encode(std::span<const TextPiece> pieces) const override;
  using Tokenizer::Encode;

  std::string_view TokenBytes(TokenId id, bool control) const override;
  std::optional<StoredTables> Tables() const override;

  // The memory for merging is about 30 times the piece; no text that is meant to be read comes near this.
  static constexpr size_t kMaxPieceBytes = size_t(1) << 24;

 private:
  ByteLevelTokenizer(Vocabulary vocabulary, PreTokenizer pre_tokenizer, TokenTable tokens, MergeTable merges,
                     SpecialTokens special_tokens);
  struct Encoding;
  Status EncodeFragment(std::string_view fragment, Encoding& encoding) const;
  Status EncodePiece(std::string_view piece, Encoding& encoding) const;
  void FillByteTokens();

  PreTokenizer pre_tokenizer_;
  TokenTable tokens_;
  MergeTable merges_;
  SpecialTokens special_tokens_;
  std::array<TokenId, 256> byte_tokens_{};  // where merging starts; -1: the vocabulary cannot spell this byte
  bool spells_every_byte_ = false;
};

}  // namespace sterna::text
