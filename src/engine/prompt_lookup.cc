// SPDX-License-Identifier: Apache-2.0
#include "engine/prompt_lookup.h"

#include <algorithm>

namespace sterna::engine {
namespace {

constexpr size_t kLeastMatch = 2;
constexpr size_t kBestMatch = 8;  // a match of so many tokens is as good as a longer one
constexpr uint32_t kPauseTokens = 24;

// The end of the longest match of the last tokens with earlier ones, the latest of several; 0 when there is none. The
// end is where the tokens that followed begin.
size_t FindContinuation(std::span<const text::TokenId> tokens) {
  const size_t count = tokens.size();
  size_t best_end = 0, best_length = kLeastMatch - 1;
  for (size_t end = count - 1; end >= kLeastMatch && best_length < kBestMatch; --end) {
    size_t length = 0;
    while (length < end && length < kBestMatch && tokens[end - 1 - length] == tokens[count - 1 - length]) ++length;
    if (length > best_length) {
      best_length = length;
      best_end = end;
    }
  }
  return best_end;
}

}  // namespace

void PromptLookup::Begin(uint32_t max_tokens) {
  max_tokens_ = next_tokens_ = std::min(max_tokens, kMaxTokens);
  pause_tokens_ = 0;
  guess_.clear();
  guess_.reserve(max_tokens_);
}

void PromptLookup::Guess(std::span<const text::TokenId> tokens, size_t limit) {
  guess_.clear();
  if (max_tokens_ == 0 || tokens.size() <= kLeastMatch) return;
  if (pause_tokens_ > 0) {
    --pause_tokens_;
    return;
  }
  const size_t from = FindContinuation(tokens);
  if (from == 0) return;
  const size_t wanted = std::min<size_t>(limit, next_tokens_);
  // Past the end of the text the guess goes on with itself: the text repeats with this period.
  for (size_t i = 0; i < wanted; ++i) {
    const size_t at = from + i;
    guess_.push_back(at < tokens.size() ? tokens[at] : guess_[at - tokens.size()]);
  }
}

void PromptLookup::Shorten(size_t count) { guess_.resize(std::min(count, guess_.size())); }

void PromptLookup::Learn(size_t accepted) {
  if (guess_.empty()) return;
  if (accepted > 0) {
    next_tokens_ = std::min<uint32_t>(max_tokens_, 2 * uint32_t(accepted) + 1);
  } else if (next_tokens_ > 1) {
    next_tokens_ /= 2;
  } else {
    pause_tokens_ = kPauseTokens;
  }
}

}  // namespace sterna::engine
