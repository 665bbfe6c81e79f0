// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "grammar/automaton.h"
#include "grammar/local_readings.h"
#include "grammar/readings.h"
#include "grammar/token_set.h"
#include "grammar/token_tree.h"
#include "sterna/status.h"

namespace sterna::grammar {

// Which tokens may come next, for sets of readings of one grammar. Most of the answer depends on a state of the
// automaton alone: which tokens are read whole, whoever called its rule, and at which nodes of the token tree the rule
// may end. That is found by one walk over the tree and kept; only below those nodes the callers are asked each time.
// Not thread-safe. The automaton and the tree must outlive it.
class TokenMasks {
 public:
  TokenMasks(const Automaton& automaton, const TokenTree& tree);

  // Adds the tokens that some reading of `set` reads to `allowed`; `stacks` are those of the set.
  Status AddAllowed(const ReadingSet& set, const StackPool& stacks, TokenSet& allowed);
  size_t MemoryBytes() const { return kept_bytes_ + (local_ ? local_->MemoryBytes() : 0); }

 private:
  struct StateMask {
    std::vector<text::TokenId> few;  // the tokens, where a list is shorter than the bits
    std::vector<uint64_t> words;
    std::vector<uint32_t> returns;  // nodes where the state's rule may end, and below which tokens go on
  };
  // By stack, nodes below which the readings on that stack go on. The deepest stack comes first.
  using Returns = std::map<std::pair<uint32_t, StackId>, std::vector<uint32_t>, std::greater<>>;

  void Forget();
  Result<const StateMask*> MaskOf(StateId state);
  Status AddBelow(const Returns::value_type& returned, const StackPool& stacks, Returns& returns, TokenSet& allowed);
  // Walks the nodes first..behind, which lie below `depth` bytes that led to `start`.
  template <class OnToken, class OnReturn>
  Status Walk(uint32_t first, uint32_t behind, uint32_t depth, LocalReadings::SetId start, const OnToken& on_token,
              const OnReturn& on_return);

  const Automaton& automaton_;
  const TokenTree& tree_;
  std::unique_ptr<LocalReadings> local_;
  std::unordered_map<StateId, StateMask> masks_;
  size_t kept_bytes_ = 0;
  size_t visits_ = 0;
  std::vector<LocalReadings::SetId> path_;  // of a walk, by depth
  TokenSet found_;
};

}  // namespace sterna::grammar
