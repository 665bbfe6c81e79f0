// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/byte_level_tokenizer.h"
#include "text/sentence_piece_tokenizer.h"

namespace sterna::text {

Result<std::unique_ptr<const Tokenizer>> Tokenizer::Create(Vocabulary vocabulary) try {
  STERNA_RETURN_IF_ERROR(CheckVocabulary(vocabulary));
  if (vocabulary.model == "gpt2") return ByteLevelTokenizer::Create(std::move(vocabulary));
  if (vocabulary.model == "llama" || vocabulary.model == "t5") {
    return SentencePieceTokenizer::Create(std::move(vocabulary));
  }
  return Status::Unsupported(
      fmt::format("tokenizer.ggml.model is '{}', but only these are built in: gpt2 (byte-level BPE), llama "
                  "(SentencePiece BPE), t5 (SentencePiece unigram)",
                  vocabulary.model));
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted("building the tokenizer: out of memory");
}

Result<std::vector<TokenId>> Tokenizer::Encode(std::string_view text, bool trusted, bool add_special) const {
  const TextPiece piece{std::string(text), trusted};
  STERNA_ASSIGN_OR_RETURN(std::vector<TokenId> ids, Encode(std::span(&piece, 1)));
  if (add_special && vocabulary_.add_bos && vocabulary_.bos) ids.insert(ids.begin(), *vocabulary_.bos);
  if (add_special && vocabulary_.add_eos && vocabulary_.eos) ids.push_back(*vocabulary_.eos);
  return ids;
}

Result<std::string> Tokenizer::Decode(std::span<const TokenId> ids, bool control) const {
  std::string bytes;
  bool at_start = vocabulary_.add_space_prefix;
  for (const TokenId id : ids) {
    if (id < 0 || size_t(id) >= vocabulary_size()) {
      return Status::InvalidArgument(
          fmt::format("token id {} is outside the vocabulary of {} tokens", id, vocabulary_size()));
    }
    std::string_view token = TokenBytes(id, control);
    const TokenKind kind = vocabulary_.kinds[size_t(id)];
    if (at_start && kind != TokenKind::kControl) {
      if (token.starts_with(' ')) token.remove_prefix(1);
      at_start = false;
    }
    bytes.append(token);
  }
  return bytes;
}

bool Tokenizer::IsEndOfGeneration(TokenId id) const {
  return std::binary_search(vocabulary_.end_of_generation.begin(), vocabulary_.end_of_generation.end(), id);
}

}  // namespace sterna::text
