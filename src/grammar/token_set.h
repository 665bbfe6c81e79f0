// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "text/vocabulary.h"

namespace sterna::grammar {

// A set of tokens of one vocabulary, a bit for each.
class TokenSet {
 public:
  explicit TokenSet(size_t vocabulary_size) : words_((vocabulary_size + 63) / 64, 0) {}

  void Clear() { words_.assign(words_.size(), 0); }
  void Add(text::TokenId token) { words_[size_t(token) / 64] |= uint64_t(1) << (size_t(token) % 64); }
  bool Holds(text::TokenId token) const { return words_[size_t(token) / 64] >> (size_t(token) % 64) & 1; }
  size_t Count() const {
    size_t count = 0;
    for (const uint64_t word : words_) count += size_t(std::popcount(word));
    return count;
  }
  std::span<uint64_t> words() { return words_; }
  std::span<const uint64_t> words() const { return words_; }
  friend bool operator==(const TokenSet&, const TokenSet&) = default;

 private:
  std::vector<uint64_t> words_;
};

}  // namespace sterna::grammar
