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

void BestPath::FindCharacters(std::string_view text) {
  starts_.assign(text.size() + 1, 0);
  for (size_t at = 0; at < text.size(); at += CharacterBytes(text, at)) starts_[at] = 1;
  starts_[text.size()] = 1;
}

Status BestPath::Append(std::string_view text, std::vector<TokenId>& ids) {
  FindCharacters(text);
  ends_.assign(text.size() + 1, End());
  ends_[0].score = score_;
  const PieceTrie& trie = pieces_.trie();
  const float unknown_score = pieces_.LowestScore() - kUnknownPenalty;
  for (size_t begin = 0; begin < text.size();) {
    const float so_far = ends_[begin].score;
    const size_t next = begin + CharacterBytes(text, begin);
    bool has_character = false;
    PieceTrie::Node node = PieceTrie::kRoot;
    for (size_t at = begin; at < text.size(); ++at) {
      node = trie.Child(node, text[at]);
      if (node == PieceTrie::kNone) break;
      const TokenId id = trie.Token(node);
      if (id < 0 || starts_[at + 1] == 0) continue;
      Reach(at + 1, so_far + pieces_.Score(id), begin, id);
      has_character |= at + 1 == next;
    }
    if (!has_character) Reach(next, so_far + unknown_score, begin, -1);
    begin = next;
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
