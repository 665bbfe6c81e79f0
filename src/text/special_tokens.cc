// SPDX-License-Identifier: Apache-2.0
#include "text/special_tokens.h"

#include <algorithm>

#include <fmt/format.h>

namespace sterna::text {
namespace {

bool IsWrittenOut(TokenKind kind) {
  return kind == TokenKind::kControl || kind == TokenKind::kUnknown || kind == TokenKind::kUserDefined;
}

}  // namespace

SpecialTokens::SpecialTokens(const Vocabulary& vocabulary, std::vector<std::string>& warnings) {
  size_t too_long = 0;
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::string& text = vocabulary.tokens[id];
    if (!IsWrittenOut(vocabulary.kinds[id]) || text.empty()) continue;
    if (text.size() > kMaxTokenBytes) {
      ++too_long;
    } else {
      entries_.push_back({text, TokenId(id), vocabulary.kinds[id] != TokenKind::kUserDefined});
    }
  }
  if (too_long > 0) {
    warnings.push_back(fmt::format("tokenizer.ggml.tokens: {} special tokens are over {} bytes; no text becomes them",
                                   too_long, kMaxTokenBytes));
  }
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
  const auto repeated =
      std::unique(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.text == b.text; });
  if (repeated != entries_.end()) {
    warnings.push_back(fmt::format("tokenizer.ggml.tokens: {} duplicate special tokens; text becomes the first of each",
                                   entries_.end() - repeated));
    entries_.erase(repeated, entries_.end());
  }
  for (const Entry& entry : entries_) ++first_of_byte_[size_t(uint8_t(entry.text[0])) + 1];
  for (size_t byte = 0; byte < 256; ++byte) first_of_byte_[byte + 1] += first_of_byte_[byte];
}

std::optional<SpecialTokens::Match> SpecialTokens::Find(std::string_view text, size_t from,
                                                        std::span<const TextRun> runs, size_t& run) const {
  if (entries_.empty()) return std::nullopt;
  for (size_t begin = from; begin < text.size(); ++begin) {
    const uint8_t byte = uint8_t(text[begin]);
    if (first_of_byte_[byte] == first_of_byte_[byte + 1]) continue;
    while (runs[run].end <= begin) ++run;
    const size_t trusted_end = runs[run].trusted ? runs[run].end : begin;
    if (const auto match = FindAt(text, begin, trusted_end)) return match;
  }
  return std::nullopt;
}

std::optional<SpecialTokens::Match> SpecialTokens::FindAt(std::string_view text, size_t begin,
                                                          size_t trusted_end) const {
  const uint8_t first_byte = uint8_t(text[begin]);
  auto low = entries_.begin() + first_of_byte_[first_byte];
  auto high = entries_.begin() + first_of_byte_[size_t(first_byte) + 1];
  std::optional<Match> longest;
  // [low, high) are the entries that share the `length` bytes at `begin`; the one of exactly that length sorts first.
  for (size_t length = 1; low != high; ++length) {
    if (low->text.size() == length) {
      if (!low->needs_trust || begin + length <= trusted_end) longest = Match{begin, begin + length, low->id};
      ++low;
    }
    if (begin + length >= text.size()) break;
    const uint8_t next = uint8_t(text[begin + length]);
    const auto byte_at = [length](const Entry& entry) { return uint8_t(entry.text[length]); };
    low = std::partition_point(low, high, [&](const Entry& entry) { return byte_at(entry) < next; });
    high = std::partition_point(low, high, [&](const Entry& entry) { return byte_at(entry) == next; });
  }
  return longest;
}

}  // namespace sterna::text
