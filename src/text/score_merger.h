// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/piece_vocabulary.h"

namespace sterna::text {

// Byte-pair encoding as SentencePiece does it: of all neighbours that make a token together the ones whose token has
// the highest score are joined, the leftmost on ties, until there are none. O(n log n). Keeps its scratch between
// texts, so one belongs to one thread.
class ScoreMerger {
 public:
  explicit ScoreMerger(const PieceVocabulary& pieces) : pieces_(pieces) {}

  // Appends the ids of `text` (at most 2^31 - 1 bytes).
  Status Append(std::string_view text, std::vector<TokenId>& ids);

 private:
  struct Symbol {
    int32_t begin, length;   // bytes; length 0: joined to one on the left
    int32_t previous, next;  // -1: none
  };
  struct Pair {
    float score;
    int32_t left, length;  // bytes of both: out of date when they differ from the symbols'
    bool operator<(const Pair& other) const { return score != other.score ? score < other.score : left > other.left; }
  };
  void Split(std::string_view text);
  void Offer(std::string_view text, int32_t left);

  const PieceVocabulary& pieces_;
  std::vector<Symbol> symbols_;
  std::vector<Pair> heap_;
};

}  // namespace sterna::text
