// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/vocabulary.h"

namespace sterna::text {

// A stretch of text to encode. In trusted text, control tokens written out (<|eot_id|>) become that token; in untrusted
// text (what a user typed) they stay text. User-defined tokens are matched in both.
struct TextPiece {
  std::string text;
  bool trusted = false;
};

// Text to token ids and back. Immutable after creation, so any number of threads may share one.
class Tokenizer {
 public:
  // Unsupported for a tokenizer.ggml.model or pre-tokenizer that is not built in.
  static Result<std::unique_ptr<const Tokenizer>> Create(Vocabulary vocabulary);
  virtual ~Tokenizer() = default;

  const Vocabulary& vocabulary() const { return vocabulary_; }
  size_t vocabulary_size() const { return vocabulary_.tokens.size(); }

  // Pieces are encoded as one text: tokens may span the seam of two pieces unless a control token stands there.
  // Bytes that are not UTF-8 are encoded byte by byte. No BOS or EOS is added. InvalidArgument for texts over 2^31 - 1
  // bytes.
  virtual Result<std::vector<TokenId>> Encode(std::span<const TextPiece> pieces) const = 0;
  // One piece; `add_special` puts BOS/EOS around it where the vocabulary says so.
  Result<std::vector<TokenId>> Encode(std::string_view text, bool trusted, bool add_special) const;

  // The bytes a token stands for (any bytes: a token may hold part of a UTF-8 sequence). Control tokens: their text
  // when `control` is set, else nothing. Empty for ids outside the vocabulary.
  virtual std::string_view TokenBytes(TokenId id, bool control = false) const = 0;
  // InvalidArgument for an id outside the vocabulary. Invalid UTF-8 in the result is kept as it is. The space that
  // Encode puts in front of a text (Vocabulary::add_space_prefix) is taken away again.
  Result<std::string> Decode(std::span<const TokenId> ids, bool control = true) const;

  bool IsEndOfGeneration(TokenId id) const;

  // The lookup tables as a `sterna` file stores them, where that saves time; valid while the tokenizer is.
  virtual std::optional<StoredTables> Tables() const = 0;

 protected:
  explicit Tokenizer(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  Vocabulary vocabulary_;
};

}  // namespace sterna::text
