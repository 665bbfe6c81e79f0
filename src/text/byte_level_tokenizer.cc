// SPDX-License-Identifier: Apache-2.0
#include "text/byte_level_tokenizer.h"

#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/byte_pair_merger.h"
#include "text/joined_text.h"
#include "text/known_tokens.h"

namespace sterna::text {

namespace {

// -1 where the file's unknown token is one that text must not become.
TokenId UnknownToken(const Vocabulary& vocabulary) {
  if (!vocabulary.unknown) return -1;
  const TokenKind kind = vocabulary.kinds[size_t(*vocabulary.unknown)];
  return kind == TokenKind::kUnknown || kind == TokenKind::kNormal ? *vocabulary.unknown : -1;
}

}  // namespace

// What one call of Encode works on.
struct ByteLevelTokenizer::Encoding {
  explicit Encoding(const MergeTable& merges) : merger(merges) {}
  std::vector<TokenId> ids;
  std::vector<TokenId> symbols;
  BytePairMerger merger;
};

Result<std::unique_ptr<const Tokenizer>> ByteLevelTokenizer::Create(Vocabulary vocabulary) {
  auto pre_tokenizer = FindPreTokenizer(vocabulary.pre_tokenizer);
  if (!pre_tokenizer) {
    return Status::Unsupported(fmt::format("tokenizer.ggml.pre is '{}', but only these are built in: {}",
                                           vocabulary.pre_tokenizer, KnownPreTokenizerNames()));
  }
  pre_tokenizer->ignore_merges = vocabulary.ignore_merges;
  std::vector<std::string> warnings;
  const std::optional<StoredTables> stored = std::exchange(vocabulary.stored_tables, std::nullopt);
  STERNA_ASSIGN_OR_RETURN(TokenTable tokens,
                          stored ? TokenTable::Restore(*stored, vocabulary.tokens.size())
                                 : TokenTable::Create(vocabulary, TokenSpelling::kByteAlphabet, warnings));
  STERNA_ASSIGN_OR_RETURN(MergeTable merges, stored ? MergeTable::Restore(stored->merge_slots, vocabulary.tokens.size())
                                                    : MergeTable::Create(vocabulary, tokens, warnings));
  SpecialTokens special_tokens(vocabulary, warnings);
  vocabulary.warnings.insert(vocabulary.warnings.end(), warnings.begin(), warnings.end());
  std::unique_ptr<const Tokenizer> tokenizer(new ByteLevelTokenizer(
      std::move(vocabulary), *pre_tokenizer, std::move(tokens), std::move(merges), std::move(special_tokens)));
  return tokenizer;
}

ByteLevelTokenizer::ByteLevelTokenizer(Vocabulary vocabulary, PreTokenizer pre_tokenizer, TokenTable tokens,
                                       MergeTable merges, SpecialTokens special_tokens)
    : Tokenizer(std::move(vocabulary)),
      pre_tokenizer_(pre_tokenizer),
      tokens_(std::move(tokens)),
      merges_(std::move(merges)),
      special_tokens_(std::move(special_tokens)) {
  FillByteTokens();
}

void ByteLevelTokenizer::FillByteTokens() {
  byte_tokens_.fill(UnknownToken(vocabulary_));
  for (size_t id = vocabulary_.tokens.size(); id-- > 0;) {
    if (vocabulary_.kinds[id] != TokenKind::kByte) continue;
    if (const auto byte = ParseByteToken(vocabulary_.tokens[id])) byte_tokens_[*byte] = TokenId(id);
  }
  size_t missing = 0;
  for (size_t byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    if (const auto id = tokens_.Find(std::string_view(&c, 1))) byte_tokens_[byte] = *id;
    missing += byte_tokens_[byte] < 0;
  }
  spells_every_byte_ = missing == 0;
  if (missing > 0) {
    vocabulary_.warnings.push_back(fmt::format(
        "tokenizer.ggml.tokens: {} of the 256 bytes have no token; text with them cannot be encoded", missing));
  }
}

Result<std::vector<TokenId>> ByteLevelTokenizer::Encode(std::span<const TextPiece> pieces) const try {
  STERNA_ASSIGN_OR_RETURN(const JoinedText joined, JoinPieces(pieces));
  const std::string_view text = joined.text;
  Encoding encoding(merges_);
  encoding.ids.reserve(text.size() / 4 + 16);
  size_t run = 0, position = 0;
  while (const auto match = special_tokens_.Find(text, position, joined.runs, run)) {
    STERNA_RETURN_IF_ERROR(EncodeFragment(text.substr(position, match->begin - position), encoding));
    encoding.ids.push_back(match->id);
    position = match->end;
  }
  STERNA_RETURN_IF_ERROR(EncodeFragment(text.substr(position), encoding));
  return std::move(encoding.ids);
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted("encoding a text: out of memory");
}

Status ByteLevelTokenizer::EncodeFragment(std::string_view fragment, Encoding& encoding) const {
  for (size_t begin = 0; begin < fragment.size();) {
    const size_t end = FindPieceEnd(pre_tokenizer_.pattern, fragment, begin);
    STERNA_RETURN_IF_ERROR(EncodePiece(fragment.substr(begin, end - begin), encoding));
    begin = end;
  }
  return Status();
}

Status ByteLevelTokenizer::EncodePiece(std::string_view piece, Encoding& encoding) const {
  if (pre_tokenizer_.ignore_merges) {
    if (const auto id = tokens_.Find(piece)) {
      encoding.ids.push_back(*id);
      return Status();
    }
  }
  if (piece.size() > kMaxPieceBytes) {
    return Status::ResourceExhausted(fmt::format("{} bytes of text without a place to split are over the limit of {}",
                                                 piece.size(), kMaxPieceBytes));
  }
  encoding.symbols.clear();
  for (const char byte : piece) encoding.symbols.push_back(byte_tokens_[uint8_t(byte)]);
  if (!spells_every_byte_) {
    const auto unknown = std::find(encoding.symbols.begin(), encoding.symbols.end(), -1);
    if (unknown != encoding.symbols.end()) {
      return Status::InvalidArgument(fmt::format("the vocabulary has no token for byte 0x{:02X} of the text",
                                                 uint8_t(piece[size_t(unknown - encoding.symbols.begin())])));
    }
  }
  encoding.merger.Merge(encoding.symbols);
  encoding.ids.insert(encoding.ids.end(), encoding.symbols.begin(), encoding.symbols.end());
  return Status();
}

std::optional<StoredTables> ByteLevelTokenizer::Tables() const {
  StoredTables tables = tokens_.Stored();
  tables.merge_slots = merges_.Stored();
  return tables;
}

std::string_view ByteLevelTokenizer::TokenBytes(TokenId id, bool control) const {
  if (id < 0 || size_t(id) >= tokens_.size()) return {};
  const TokenKind kind = vocabulary_.kinds[size_t(id)];
  if (!control && (kind == TokenKind::kControl || kind == TokenKind::kUnknown)) return {};
  return tokens_.Bytes(id);
}

}  // namespace sterna::text
