// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/merge_table.h"

namespace sterna::text {

// Byte-pair merging of one piece: the pair with the smallest rank is merged, the leftmost on ties, until none is left.
// O(n log n) for long pieces. Keeps its scratch between pieces, so one belongs to one thread.
class BytePairMerger {
 public:
  explicit BytePairMerger(const MergeTable& merges) : merges_(merges) {}

  // Replaces `symbols` (one per byte of the piece, at most 2^31 - 1) by the merged tokens.
  void Merge(std::vector<TokenId>& symbols);

 private:
  void MergeShort(std::vector<TokenId>& symbols);
  void MergeLong(std::vector<TokenId>& symbols);

  struct Node {
    TokenId id;
    int32_t previous, next;  // -1: none
  };
  void PushPair(int32_t left);
  void Join(int32_t left, TokenId result);

  const MergeTable& merges_;
  std::vector<MergeTable::Merge> pairs_;  // of MergeShort: what symbols i and i + 1 make
  std::vector<Node> nodes_;               // of MergeLong
  std::vector<uint64_t> heap_;            // rank << 32 | position of the left symbol; some are out of date
};

}  // namespace sterna::text
