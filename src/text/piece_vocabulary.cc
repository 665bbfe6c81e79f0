// SPDX-License-Identifier: Apache-2.0
#include "text/piece_vocabulary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/known_tokens.h"

namespace sterna::text {

Result<PieceVocabulary> PieceVocabulary::Create(const Vocabulary& vocabulary, std::vector<std::string>& warnings) {
  if (vocabulary.scores.size() != vocabulary.tokens.size()) {
    return Status::Corrupt(fmt::format("tokenizer.ggml.scores is missing, but model '{}' needs it", vocabulary.model));
  }
  STERNA_ASSIGN_OR_RETURN(TokenTable tokens, TokenTable::Create(vocabulary, TokenSpelling::kSentencePiece, warnings));
  PieceVocabulary pieces(std::move(tokens));
  pieces.TakeScores(vocabulary, warnings);
  pieces.TakeBytes(vocabulary, warnings);
  return pieces;
}

void PieceVocabulary::TakeScores(const Vocabulary& vocabulary, std::vector<std::string>& warnings) {
  constexpr float kLowest = std::numeric_limits<float>::lowest();
  scores_.resize(vocabulary.scores.size());
  const bool unigram = vocabulary.model == "t5";
  std::vector<std::pair<std::string_view, TokenId>> found;
  size_t odd = 0, long_pieces = 0;
  for (size_t id = 0; id < scores_.size(); ++id) {
    const float stored = vocabulary.scores[id];
    odd += !std::isfinite(stored);
    scores_[id] = std::isfinite(stored) ? stored : kLowest;
    const std::string_view piece = tokens_.Bytes(TokenId(id));
    if (vocabulary.kinds[id] != TokenKind::kNormal || tokens_.Find(piece) != TokenId(id)) continue;
    if (unigram && piece.size() > kMaxUnigramBytes) {
      ++long_pieces;
      continue;
    }
    if (std::isfinite(stored)) lowest_score_ = std::min(lowest_score_, stored);
    longest_bytes_ = std::max(longest_bytes_, piece.size());
    NoteInside(piece);
    if (unigram) found.emplace_back(piece, TokenId(id));
  }
  trie_ = PieceTrie(std::move(found));
  if (long_pieces > 0) {
    warnings.push_back(fmt::format("tokenizer.ggml.tokens: {} tokens over {} bytes; no text becomes them", long_pieces,
                                   kMaxUnigramBytes));
  }
  if (odd > 0) {
    warnings.push_back(
        fmt::format("tokenizer.ggml.scores: {} values are no finite numbers and count as the lowest", odd));
  }
}

void PieceVocabulary::NoteInside(std::string_view piece) {
  for (size_t i = 1; i < piece.size(); ++i) inside_[Pair(piece[i - 1], piece[i])] = true;
}

void PieceVocabulary::TakeBytes(const Vocabulary& vocabulary, std::vector<std::string>& warnings) {
  byte_tokens_.fill(-1);
  for (size_t id = vocabulary.tokens.size(); id-- > 0;) {
    if (vocabulary.kinds[id] != TokenKind::kByte) continue;
    if (const auto byte = ParseByteToken(vocabulary.tokens[id])) byte_tokens_[*byte] = TokenId(id);
  }
  const auto missing = std::count(byte_tokens_.begin(), byte_tokens_.end(), -1);
  has_every_byte_ = missing == 0;
  const bool usable = vocabulary.unknown && vocabulary.kinds[size_t(*vocabulary.unknown)] != TokenKind::kControl;
  if (usable) unknown_ = *vocabulary.unknown;
  if (!has_every_byte_ && !usable) {
    warnings.push_back(
        fmt::format("tokenizer.ggml.tokens: {} byte tokens and the unknown token are missing; text outside the "
                    "vocabulary cannot be "
                    "encoded",
                    missing));
  }
}

Status PieceVocabulary::AppendUnknown(std::string_view character, std::vector<TokenId>& ids) const {
  if (has_every_byte_) {
    for (const char byte : character) ids.push_back(byte_tokens_[uint8_t(byte)]);
    return {};
  }
  if (unknown_ < 0) {
    return Status::InvalidArgument(
        fmt::format("the vocabulary has no token for byte 0x{:02X} of the text", uint8_t(character[0])));
  }
  if (ids.empty() || ids.back() != unknown_) ids.push_back(unknown_);
  return {};
}

}  // namespace sterna::text
