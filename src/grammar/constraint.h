// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string_view>

#include "grammar/automaton.h"
#include "grammar/readings.h"
#include "grammar/token_masks.h"
#include "grammar/token_set.h"
#include "grammar/token_tree.h"
#include "sterna/status.h"

namespace sterna::grammar {

// A grammar for the tokens of one vocabulary, and what was found out about it: share one between requests with the same
// grammar. Thread-safe.
class Constraint {
 public:
  // ResourceExhausted when the grammar cannot even begin within the limits.
  static Result<std::shared_ptr<const Constraint>> Create(Automaton automaton, std::shared_ptr<const TokenTree> tree);

  const Automaton& automaton() const { return automaton_; }
  const TokenTree& tree() const { return *tree_; }

 private:
  friend class Matcher;
  Constraint(Automaton automaton, std::shared_ptr<const TokenTree> tree)
      : automaton_(std::move(automaton)), tree_(std::move(tree)), masks_(automaton_, *tree_) {}

  const Automaton automaton_;
  const std::shared_ptr<const TokenTree> tree_;
  mutable std::mutex mutex_;
  mutable TokenMasks masks_;  // guarded by mutex_
};

// One answer under a constraint: what was read so far, and what may come next. Not thread-safe.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const Constraint> constraint);

  // Begins (again) before the first token.
  Status Begin();
  // Exactly the tokens whose bytes go on with some text of the grammar, and the tokens that end generation where the
  // answer may end. FailedPrecondition when there is none; ResourceExhausted over a limit of limits.h.
  Status Allowed(TokenSet& allowed);
  // Reads a token, which must be an allowed one: Internal for others. Tokens that end generation read nothing.
  Status Accept(text::TokenId token);
  // Whether the answer may end here.
  bool MayEnd() const { return set_.ends; }
  // Whether it must, because nothing can follow.
  bool MustEnd() const { return set_.ends && set_.readings.empty(); }

 private:
  Status AcceptBytes(std::string_view bytes);

  const std::shared_ptr<const Constraint> constraint_;
  StackPool stacks_;
  Reader reader_;
  ReadingSet set_;
};

}  // namespace sterna::grammar
