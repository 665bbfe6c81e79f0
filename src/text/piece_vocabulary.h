// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/piece_trie.h"
#include "text/token_table.h"
#include "text/vocabulary.h"

namespace sterna::text {

// The tokens of a SentencePiece vocabulary (Kudo and Richardson, arXiv 1808.06226) that text can become, with spaces
// instead of U+2581, and their scores. Immutable, thread-safe.
class PieceVocabulary {
 public:
  // Longer tokens of a unigram vocabulary are not looked for: every one that fits is tried at every place of a text.
  static constexpr size_t kMaxUnigramBytes = 128;

  // Corrupt where there are no scores. Appends what is odd but harmless to `warnings`.
  static Result<PieceVocabulary> Create(const Vocabulary& vocabulary, std::vector<std::string>& warnings);

  const TokenTable& tokens() const { return tokens_; }
  std::optional<TokenId> Find(std::string_view piece) const {
    return piece.size() > longest_bytes_ ? std::nullopt : tokens_.Find(piece);
  }
  float Score(TokenId id) const { return scores_[size_t(id)]; }  // never NaN
  float LowestScore() const {                                    // of those that can be found
    return lowest_score_ < std::numeric_limits<float>::max() ? lowest_score_ : 0.0f;
  }
  // Of a unigram vocabulary: what can be found, as a tree.
  const PieceTrie& trie() const { return trie_; }

  // True where no token spans the border between two neighbouring bytes: what lies on both sides is encoded alone.
  bool IsBorder(char before, char after) const { return !inside_[Pair(before, after)]; }

  // Appends the ids of text that is no token: a byte token for each byte, or the unknown token once for a run of such
  // text. InvalidArgument where the vocabulary has neither.
  Status AppendUnknown(std::string_view character, std::vector<TokenId>& ids) const;

 private:
  explicit PieceVocabulary(TokenTable tokens) : tokens_(std::move(tokens)) {}
  static size_t Pair(char before, char after) { return size_t{uint8_t(before)} << 8 | uint8_t(after); }
  void NoteInside(std::string_view piece);
  void TakeScores(const Vocabulary& vocabulary, std::vector<std::string>& warnings);
  void TakeBytes(const Vocabulary& vocabulary, std::vector<std::string>& warnings);

  TokenTable tokens_;
  PieceTrie trie_;
  std::vector<float> scores_;
  float lowest_score_ = std::numeric_limits<float>::max();
  size_t longest_bytes_ = 0;
  std::bitset<65536> inside_;
  std::array<TokenId, 256> byte_tokens_{};  // -1: none
  bool has_every_byte_ = false;
  TokenId unknown_ = -1;
};

}  // namespace sterna::text
