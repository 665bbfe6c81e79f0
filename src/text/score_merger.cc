// SPDX-License-Identifier: Apache-2.0
#include "text/score_merger.h"

#include <algorithm>

#include "base/status_macros.h"
#include "text/utf8.h"

namespace sterna::text {

// One symbol a character; a byte that belongs to none is one by itself.
void ScoreMerger::Split(std::string_view text) {
  symbols_.clear();
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = DecodeUtf8(text, at);
    const size_t length = step.kind == Utf8Step::Kind::kCharacter ? step.length_bytes : 1;
    const auto index = int32_t(symbols_.size());
    symbols_.push_back({int32_t(at), int32_t(length), index - 1, index + 1});
    at += length;
  }
  symbols_.back().next = -1;
}

void ScoreMerger::Offer(std::string_view text, int32_t left) {
  if (left < 0 || symbols_[size_t(left)].next < 0) return;
  const Symbol& symbol = symbols_[size_t(left)];
  const int32_t length = symbol.length + symbols_[size_t(symbol.next)].length;
  const auto id = pieces_.Find(text.substr(size_t(symbol.begin), size_t(length)));
  if (!id) return;
  heap_.push_back({pieces_.Score(*id), left, length});
  std::push_heap(heap_.begin(), heap_.end());
}

Status ScoreMerger::Append(std::string_view text, std::vector<TokenId>& ids) {
  if (text.empty()) return {};
  Split(text);
  heap_.clear();
  for (size_t i = 0; i + 1 < symbols_.size(); ++i) Offer(text, int32_t(i));
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end());
    const Pair pair = heap_.back();
    heap_.pop_back();
    Symbol& left = symbols_[size_t(pair.left)];
    if (left.length == 0 || left.next < 0) continue;
    Symbol& right = symbols_[size_t(left.next)];
    if (left.length + right.length != pair.length) continue;
    left.length = pair.length;
    left.next = right.next;
    right.length = 0;
    if (left.next >= 0) symbols_[size_t(left.next)].previous = pair.left;
    Offer(text, left.previous);
    Offer(text, pair.left);
  }
  for (int32_t i = 0; i >= 0; i = symbols_[size_t(i)].next) {
    const std::string_view piece = text.substr(size_t(symbols_[size_t(i)].begin), size_t(symbols_[size_t(i)].length));
    if (const auto id = pieces_.Find(piece)) {
      ids.push_back(*id);
    } else {
      STERNA_RETURN_IF_ERROR(pieces_.AppendUnknown(piece, ids));
    }
  }
  return {};
}

}  // namespace sterna::text
