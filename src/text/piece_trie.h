// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "text/vocabulary.h"

namespace sterna::text {

// Tokens as a tree of their bytes: one walk along a text finds every token that begins at a place. Immutable.
class PieceTrie {
 public:
  using Node = uint32_t;
  static constexpr Node kNone = 0;  // no node: the root is nobody's child
  static constexpr Node kRoot = 0;

  PieceTrie() = default;  // holds nothing
  // No token is empty, and none comes twice.
  explicit PieceTrie(std::vector<std::pair<std::string_view, TokenId>> tokens);

  Node Child(Node node, char byte) const {
    if (node == kRoot) return root_children_[uint8_t(byte)];
    const Children& children = children_[node];
    const void* const found = std::memchr(labels_.data() + children.first, uint8_t(byte), children.count);
    return found == nullptr ? kNone : Node(static_cast<const uint8_t*>(found) - labels_.data());
  }
  TokenId Token(Node node) const { return tokens_[node]; }  // -1: no token ends here

 private:
  struct Children {
    Node first = 0;  // they follow each other
    uint32_t count = 0;
  };
  Node AddNode(uint8_t label);

  std::array<Node, 256> root_children_{};
  std::vector<Children> children_;  // of each node
  std::vector<uint8_t> labels_;     // the byte that leads to each node
  std::vector<TokenId> tokens_;
};

}  // namespace sterna::text
