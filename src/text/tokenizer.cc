// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/byte_level_tokenizer.h"

namespace sterna::text {

Result<std::unique_ptr<const Tokenizer>> Tokenizer::Create(Vocabulary vocabulary) try {
  STERNA_RETURN_IF_ERROR(CheckVocabulary(vocabulary));
  if (vocabulary.model == "gpt2") return ByteLevelTokenizer::Create(std::move(vocabulary));
  return Status::Unsupported(
      fmt::format("tokenizer.ggml.model is '{}', but only 'gpt2' (byte-level BPE) is built in", vocabulary.model));
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
  for (const TokenId id : ids) {
    if (id < 0 || size_t(id) >= vocabulary_size()) {
      return Status::InvalidArgument(
          fmt::format("token id {} is outside the vocabulary of {} tokens", id, vocabulary_size()));
    }
    bytes.append(TokenBytes(id, control));
  }
  return bytes;
}

bool Tokenizer::IsEndOfGeneration(TokenId id) const {
  return std::binary_search(vocabulary_.end_of_generation.begin(), vocabulary_.end_of_generation.end(), id);
}

}  // namespace sterna::text
