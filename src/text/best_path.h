// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/piece_vocabulary.h"

namespace sterna::text {

// The unigram model (Kudo, arXiv 1804.10959): the tokens with the largest sum of scores, the earliest start of the last
// one on ties. A character that is no token scores kUnknownPenalty less than any token. O(n longest token). Keeps its
// scratch between texts, so one belongs to one thread.
class BestPath {
 public:
  static constexpr float kUnknownPenalty = 10.0f;

  explicit BestPath(const PieceVocabulary& pieces) : pieces_(pieces) {}

  // Forgets what was appended before.
  void Restart() { score_ = 0; }
  // Appends the ids of `text` (at most 2^31 - 1 bytes), which follows what was appended before at a border that no
  // token spans. Scores add up over all of it, in float: so ties break as where the whole text is one.
  Status Append(std::string_view text, std::vector<TokenId>& ids);

 private:
  struct End {
    float score = 0;
    int32_t begin = -1;  // of the token that ends here; -1: none does
    TokenId id = -1;     // -1: a character that is no token
  };
  void Reach(size_t end, float score, size_t begin, TokenId id);
  void FindCharacters(std::string_view text);

  const PieceVocabulary& pieces_;
  float score_ = 0;
  std::vector<End> ends_;        // by byte
  std::vector<uint8_t> starts_;  // 1 where a character starts, and at the end: tokens end there alone
  std::vector<size_t> way_;
};

}  // namespace sterna::text
