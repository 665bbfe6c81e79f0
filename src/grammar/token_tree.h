// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/status.h"
#include "text/tokenizer.h"

namespace sterna::grammar {

// The tokens of a vocabulary as a tree of the bytes that they show, in the order of a walk that goes down first: what
// begins alike is looked at once. Immutable; made once for a vocabulary.
class TokenTree {
 public:
  struct Node {
    uint32_t first_token = 0;  // of its tokens, in tokens()
    uint32_t behind = 0;       // the first node that is not below this one
    uint16_t depth = 0;        // bytes from the root to here, its own byte too
    uint8_t byte = 0;
  };

  // Tokens that end generation, and those that are never drawn or show nothing, are no part of the tree. kMaxTokenBytes
  // of a vocabulary bounds the depth.
  explicit TokenTree(const text::Tokenizer& tokenizer);
  // For tests: token i shows tokens[i]; empty ones are no part.
  TokenTree(std::span<const std::string_view> tokens, std::vector<text::TokenId> end_of_generation);

  // The root is not among them; nodes()[i + 1] is the first node below nodes()[i], if any.
  std::span<const Node> nodes() const { return {nodes_.data(), nodes_.size() - 1}; }
  // Tokens that end at a node, of which several may show the same bytes.
  std::span<const text::TokenId> tokens(size_t node) const {
    return std::span(tokens_).subspan(nodes_[node].first_token,
                                      nodes_[node + 1].first_token - nodes_[node].first_token);
  }
  // What a token shows; empty for one that is no part of the tree.
  std::string_view Bytes(text::TokenId token) const;
  bool EndsGeneration(text::TokenId token) const;

  std::span<const text::TokenId> end_of_generation() const { return end_of_generation_; }
  size_t vocabulary_size() const { return bytes_.size(); }
  size_t max_depth() const { return max_depth_; }

 private:
  void Build();

  std::vector<Node> nodes_;  // and one behind the last
  std::vector<text::TokenId> tokens_;
  std::vector<text::TokenId> end_of_generation_;    // ascending
  std::vector<std::pair<size_t, uint32_t>> bytes_;  // of each token: where it begins in text_, and its length
  std::vector<char> text_;
  size_t max_depth_ = 0;
};

}  // namespace sterna::grammar
