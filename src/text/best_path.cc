// SPDX-License-Identifier: Apache-2.0
#include "text/best_path.h"

#include <algorithm>

#include "base/status_macros.h"
#include "text/utf8.h"

namespace sterna::text {
namespace {

size_t CharacterBytes(std::string_view text, size_t at) {
  const Utf8Step step = DecodeUtf8(text, at);
  return step.kind == Utf8Step::Kind::kCharacter ? step.length_bytes : 1;
}

}  // namespace

void BestPath::Reach(size_t end, float score, size_t begin, TokenId id) {
  End& known = ends_[end];
  if (known.begin < 0 || score > known.score) known = {score, int32_t(begin), id};
}

Status BestPath::Append(std::string_view text, std::vector<TokenId>& ids) {
  ends_.assign(text.size() + 1, End());
  ends_[0].score = score_;
  const float unknown_score = pieces_.LowestScore() - kUnknownPenalty;
  for (size_t begin = 0; begin < text.size();) {
    const float so_far = ends_[begin].score;
    const size_t first = CharacterBytes(text, begin);
    bool has_character = false;
    const size_t last = std::min(text.size(), begin + pieces_.longest_bytes());
    for (size_t end = begin + first; end <= last;) {
      if (const auto id = pieces_.Find(text.substr(begin, end - begin))) {
        Reach(end, so_far + pieces_.Score(*id), begin, *id);
        has_character |= end == begin + first;
      }
      if (end == text.size()) break;
      end += CharacterBytes(text, end);
    }
    if (!has_character) Reach(begin + first, so_far + unknown_score, begin, -1);
    begin += first;
  }
  score_ = ends_[text.size()].score;
  way_.clear();
  for (size_t end = text.size(); end > 0; end = size_t(ends_[end].begin)) way_.push_back(end);
  for (size_t i = way_.size(); i-- > 0;) {
    const End& token = ends_[way_[i]];
    const auto begin = size_t(token.begin);
    if (token.id >= 0) {
      ids.push_back(token.id);
    } else {
      STERNA_RETURN_IF_ERROR(pieces_.AppendUnknown(text.substr(begin, way_[i] - begin), ids));
    }
  }
  return {};
}

}  // namespace sterna::text
