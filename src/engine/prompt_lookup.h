// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenizer.h"

namespace sterna::engine {

// Guesses the next tokens of a text: those that followed where its last tokens stood before. Whoever uses a guess
// checks it, so a bad one costs time and nothing else; after guesses that were wrong fewer tokens are guessed, and then
// none for a while. After Begin nothing allocates.
class PromptLookup {
 public:
  static constexpr uint32_t kMaxTokens = 15;  // of a guess

  // For a request that guesses up to `max_tokens` tokens at once (at most kMaxTokens); 0 = none.
  void Begin(uint32_t max_tokens);
  // Makes a guess of `limit` tokens or fewer after `tokens`, of which at least the last two must have stood before.
  void Guess(std::span<const text::TokenId> tokens, size_t limit);
  void Shorten(size_t count);
  void Clear() { guess_.clear(); }
  std::span<const text::TokenId> guess() const { return guess_; }
  // The first `accepted` tokens of the guess were right.
  void Learn(size_t accepted);

 private:
  uint32_t max_tokens_ = 0;
  uint32_t next_tokens_ = 0;  // how many to guess
  uint32_t pause_tokens_ = 0;
  std::vector<text::TokenId> guess_;
};

}  // namespace sterna::engine
