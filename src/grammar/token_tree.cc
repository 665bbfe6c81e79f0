// SPDX-License-Identifier: Apache-2.0
#include "grammar/token_tree.h"

#include <algorithm>
#include <numeric>

namespace sterna::grammar {

static_assert(text::kMaxTokenBytes <= size_t(UINT16_MAX) + 1, "a node's depth holds any token");

TokenTree::TokenTree(const text::Tokenizer& tokenizer) : end_of_generation_(tokenizer.vocabulary().end_of_generation) {
  const text::Vocabulary& vocabulary = tokenizer.vocabulary();
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const bool part = vocabulary.kinds[id] != text::TokenKind::kUnused && !EndsGeneration(text::TokenId(id));
    const std::string_view bytes = part ? tokenizer.TokenBytes(text::TokenId(id)) : std::string_view();
    bytes_.emplace_back(text_.size(), uint32_t(bytes.size()));
    text_.insert(text_.end(), bytes.begin(), bytes.end());
  }
  Build();
}

TokenTree::TokenTree(std::span<const std::string_view> tokens, std::vector<text::TokenId> end_of_generation)
    : end_of_generation_(std::move(end_of_generation)) {
  for (const std::string_view bytes : tokens) {
    bytes_.emplace_back(text_.size(), uint32_t(bytes.size()));
    text_.insert(text_.end(), bytes.begin(), bytes.end());
  }
  Build();
}

std::string_view TokenTree::Bytes(text::TokenId token) const {
  if (token < 0 || size_t(token) >= bytes_.size()) return {};
  const auto& [begin, length] = bytes_[size_t(token)];
  return {text_.data() + begin, length};
}

bool TokenTree::EndsGeneration(text::TokenId token) const {
  return std::binary_search(end_of_generation_.begin(), end_of_generation_.end(), token);
}

void TokenTree::Build() {
  tokens_.resize(bytes_.size());
  std::iota(tokens_.begin(), tokens_.end(), 0);
  std::erase_if(tokens_, [&](text::TokenId token) { return bytes_[size_t(token)].second == 0; });
  std::stable_sort(tokens_.begin(), tokens_.end(), [&](auto a, auto b) { return Bytes(a) < Bytes(b); });

  std::vector<uint32_t> path;  // the nodes from the root to the last token
  const auto leave = [&](size_t depth) {
    for (; path.size() > depth; path.pop_back()) nodes_[path.back()].behind = uint32_t(nodes_.size());
  };
  std::string_view last;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const std::string_view bytes = Bytes(tokens_[i]);
    const auto common =
        size_t(std::mismatch(last.begin(), last.end(), bytes.begin(), bytes.end()).first - last.begin());
    leave(common);
    while (path.size() < bytes.size()) {
      path.push_back(uint32_t(nodes_.size()));
      nodes_.push_back({uint32_t(i), 0, uint16_t(path.size()), uint8_t(bytes[path.size() - 1])});
    }
    max_depth_ = std::max(max_depth_, bytes.size());
    last = bytes;
  }
  leave(0);
  nodes_.push_back({uint32_t(tokens_.size()), 0, 0, 0});
}

}  // namespace sterna::grammar
