// SPDX-License-Identifier: Apache-2.0
#include "text/byte_pair_merger.h"

#include <algorithm>
#include <functional>

namespace sterna::text {
namespace {

// Up to here scanning all pairs for the smallest rank is faster than keeping a heap.
constexpr size_t kShortSymbols = 48;
constexpr TokenId kMergedAway = -2;

}  // namespace

void BytePairMerger::Merge(std::vector<TokenId>& symbols) {
  if (symbols.size() < 2) return;
  if (symbols.size() <= kShortSymbols) {
    MergeShort(symbols);
  } else {
    MergeLong(symbols);
  }
}

void BytePairMerger::MergeShort(std::vector<TokenId>& symbols) {
  pairs_.clear();
  for (size_t i = 0; i + 1 < symbols.size(); ++i) pairs_.push_back(merges_.Find(symbols[i], symbols[i + 1]));
  while (!pairs_.empty()) {
    const auto best =
        std::min_element(pairs_.begin(), pairs_.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
    if (best->rank == MergeTable::kNoMerge) return;
    const size_t i = size_t(best - pairs_.begin());
    symbols[i] = best->result;
    symbols.erase(symbols.begin() + ptrdiff_t(i) + 1);
    pairs_.erase(best);
    if (i > 0) pairs_[i - 1] = merges_.Find(symbols[i - 1], symbols[i]);
    if (i < pairs_.size()) pairs_[i] = merges_.Find(symbols[i], symbols[i + 1]);
  }
}

void BytePairMerger::PushPair(int32_t left) {
  if (left < 0 || nodes_[size_t(left)].next < 0) return;
  const Node& node = nodes_[size_t(left)];
  const uint32_t rank = merges_.Find(node.id, nodes_[size_t(node.next)].id).rank;
  if (rank == MergeTable::kNoMerge) return;
  heap_.push_back(uint64_t(rank) << 32 | uint32_t(left));
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

void BytePairMerger::Join(int32_t left, TokenId result) {
  Node& node = nodes_[size_t(left)];
  Node& right = nodes_[size_t(node.next)];
  right.id = kMergedAway;
  node.id = result;
  node.next = right.next;
  if (node.next >= 0) nodes_[size_t(node.next)].previous = left;
}

void BytePairMerger::MergeLong(std::vector<TokenId>& symbols) {
  const int32_t count = int32_t(symbols.size());
  nodes_.clear();
  heap_.clear();
  for (int32_t i = 0; i < count; ++i) {
    nodes_.push_back({symbols[size_t(i)], i - 1, i + 1 < count ? i + 1 : -1});
    if (i + 1 == count) break;
    const uint32_t rank = merges_.Find(symbols[size_t(i)], symbols[size_t(i) + 1]).rank;
    if (rank != MergeTable::kNoMerge) heap_.push_back(uint64_t(rank) << 32 | uint32_t(i));
  }
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const uint32_t rank = uint32_t(heap_.back() >> 32);
    const int32_t left = int32_t(heap_.back() & 0xffffffffu);
    heap_.pop_back();
    const Node& node = nodes_[size_t(left)];
    if (node.id == kMergedAway || node.next < 0) continue;
    // A rank names one pair of ids, so an entry whose rank still fits is up to date.
    const MergeTable::Merge merge = merges_.Find(node.id, nodes_[size_t(node.next)].id);
    if (merge.rank != rank) continue;
    Join(left, merge.result);
    PushPair(left);
    PushPair(node.previous);
  }
  symbols.clear();
  for (int32_t i = 0; i >= 0; i = nodes_[size_t(i)].next) symbols.push_back(nodes_[size_t(i)].id);
}

}  // namespace sterna::text
