// SPDX-License-Identifier: Apache-2.0
#include "text/piece_trie.h"

#include <algorithm>
#include <cstddef>

namespace sterna::text {

PieceTrie::Node PieceTrie::AddNode(uint8_t label) {
  children_.emplace_back();
  labels_.push_back(label);
  tokens_.push_back(-1);
  return Node(labels_.size() - 1);
}

// Node by node in the order in which they were added, so that children lie beside each other. The tokens below a node
// are a range of the sorted list.
PieceTrie::PieceTrie(std::vector<std::pair<std::string_view, TokenId>> tokens) {
  std::sort(tokens.begin(), tokens.end());
  struct Range {
    size_t begin, end, depth;
  };
  std::vector<Range> ranges = {{0, tokens.size(), 0}};
  AddNode(0);
  for (Node node = 0; node < ranges.size(); ++node) {
    auto [begin, end, depth] = ranges[node];
    if (begin < end && tokens[begin].first.size() == depth) tokens_[node] = tokens[begin++].second;
    children_[node].first = Node(labels_.size());
    while (begin < end) {
      const char label = tokens[begin].first[depth];
      size_t next = begin + 1;
      while (next < end && tokens[next].first[depth] == label) ++next;
      const Node child = AddNode(uint8_t(label));
      if (node == kRoot) root_children_[uint8_t(label)] = child;
      ranges.push_back({begin, next, depth + 1});
      ++children_[node].count;
      begin = next;
    }
  }
}

}  // namespace sterna::text
