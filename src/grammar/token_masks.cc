// SPDX-License-Identifier: Apache-2.0
#include "grammar/token_masks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "grammar/limits.h"

namespace sterna::grammar {

TokenMasks::TokenMasks(const Automaton& automaton, const TokenTree& tree)
    : automaton_(automaton), tree_(tree), path_(tree.max_depth() + 1), found_(tree.vocabulary_size()) {
  Forget();
}

void TokenMasks::Forget() {
  masks_.clear();
  kept_bytes_ = 0;
  local_ = std::make_unique<LocalReadings>(automaton_);
}

template <class OnToken, class OnReturn>
Status TokenMasks::Walk(uint32_t first, uint32_t behind, uint32_t depth, LocalReadings::SetId start,
                        const OnToken& on_token, const OnReturn& on_return) {
  const std::span<const TokenTree::Node> nodes = tree_.nodes();
  path_[depth] = start;
  for (uint32_t i = first; i < behind;) {
    const TokenTree::Node& node = nodes[i];
    LocalReadings::SetId set = local_->Known(path_[node.depth - 1], node.byte);
    if (set == LocalReadings::kUnknown) {
      STERNA_ASSIGN_OR_RETURN(set, local_->Read(path_[node.depth - 1], node.byte));
    }
    ++visits_;
    if (set == LocalReadings::kDead) {
      i = node.behind;
      continue;
    }
    for (const text::TokenId token : tree_.tokens(i)) on_token(token);
    if (local_->Ends(set) && node.behind > i + 1) on_return(i);
    path_[node.depth] = set;
    i = local_->ReadsOn(set) ? i + 1 : node.behind;
  }
  if (visits_ > kMaxVisits) {
    return Status::ResourceExhausted(
        "grammar: there are too many ways to go on here; make its rules begin differently");
  }
  return {};
}

Result<const TokenMasks::StateMask*> TokenMasks::MaskOf(StateId state) {
  if (const auto found = masks_.find(state); found != masks_.end()) return &found->second;
  STERNA_ASSIGN_OR_RETURN(const LocalReadings::SetId start, local_->From(state));
  StateMask mask;
  size_t count = 0;
  found_.Clear();
  const auto behind = uint32_t(tree_.nodes().size());
  STERNA_RETURN_IF_ERROR(Walk(
      0, behind, 0, start, [&](text::TokenId token) { found_.Add(token), ++count; },
      [&](uint32_t node) { mask.returns.push_back(node); }));
  const std::span<const uint64_t> words = found_.words();
  if (count * sizeof(text::TokenId) < words.size_bytes()) {
    mask.few.reserve(count);
    for (size_t word = 0; word < words.size(); ++word) {
      for (uint64_t bits = words[word]; bits != 0; bits &= bits - 1) {
        mask.few.push_back(text::TokenId(word * 64 + size_t(std::countr_zero(bits))));
      }
    }
  } else {
    mask.words.assign(words.begin(), words.end());
  }
  kept_bytes_ += sizeof(StateMask) + 64 + mask.few.size() * sizeof(text::TokenId) +
                 mask.words.size() * sizeof(uint64_t) + mask.returns.size() * sizeof(uint32_t);
  return &masks_.emplace(state, std::move(mask)).first->second;
}

Status TokenMasks::AddAllowed(const ReadingSet& set, const StackPool& stacks, TokenSet& allowed) {
  if (MemoryBytes() > kMaskCacheBytes) Forget();
  visits_ = 0;
  Returns returns;
  for (const Reading& root : set.roots) {
    STERNA_ASSIGN_OR_RETURN(const StateMask* const mask, MaskOf(root.state));
    for (const text::TokenId token : mask->few) allowed.Add(token);
    for (size_t i = 0; i < mask->words.size(); ++i) allowed.words()[i] |= mask->words[i];
    if (root.stack == kBase || mask->returns.empty()) continue;
    auto& nodes = returns[{stacks.depth(root.stack), root.stack}];
    nodes.insert(nodes.end(), mask->returns.begin(), mask->returns.end());
  }
  while (!returns.empty()) {
    const auto deepest = returns.extract(returns.begin());
    STERNA_RETURN_IF_ERROR(AddBelow({deepest.key(), deepest.mapped()}, stacks, returns, allowed));
  }
  return {};
}

// The tokens below nodes where a rule ended that was called with this stack: they go on behind the call.
Status TokenMasks::AddBelow(const Returns::value_type& returned, const StackPool& stacks, Returns& returns,
                            TokenSet& allowed) {
  const StackPool::Frame& frame = stacks.frame(returned.first.second);
  STERNA_ASSIGN_OR_RETURN(const LocalReadings::SetId start, local_->From(frame.back));
  std::vector<uint32_t> nodes = returned.second;
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::vector<uint32_t> next;  // where the calling rule may end too
  for (const uint32_t node : nodes) {
    const TokenTree::Node& above = tree_.nodes()[node];
    if (local_->Ends(start)) next.push_back(node);
    STERNA_RETURN_IF_ERROR(Walk(
        node + 1, above.behind, above.depth, start, [&](text::TokenId token) { allowed.Add(token); },
        [&](uint32_t end) { next.push_back(end); }));
  }
  if (frame.below == kBase || next.empty()) return {};
  auto& below = returns[{frame.depth - 1, frame.below}];
  below.insert(below.end(), next.begin(), next.end());
  return {};
}

}  // namespace sterna::grammar
