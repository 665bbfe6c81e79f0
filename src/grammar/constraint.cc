// SPDX-License-Identifier: Apache-2.0
#include "grammar/constraint.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/status_macros.h"

namespace sterna::grammar {
namespace {

Status OutOfMemory() { return Status::ResourceExhausted("grammar: not enough memory to follow it"); }

}  // namespace

Result<std::shared_ptr<const Constraint>> Constraint::Create(Automaton automaton,
                                                             std::shared_ptr<const TokenTree> tree) try {
  std::shared_ptr<const Constraint> constraint(new Constraint(std::move(automaton), std::move(tree)));
  STERNA_RETURN_IF_ERROR(Matcher(constraint).Begin());
  return constraint;
} catch (const std::bad_alloc&) {
  return OutOfMemory();
}

Matcher::Matcher(std::shared_ptr<const Constraint> constraint)
    : constraint_(std::move(constraint)), reader_(constraint_->automaton(), stacks_) {}

Status Matcher::Begin() try {
  STERNA_ASSIGN_OR_RETURN(set_, reader_.Close({{constraint_->automaton().begin(), kBase}}));
  return {};
} catch (const std::bad_alloc&) {
  return OutOfMemory();
}

Status Matcher::Allowed(TokenSet& allowed) try {
  allowed.Clear();
  {
    const std::lock_guard lock(constraint_->mutex_);
    STERNA_RETURN_IF_ERROR(constraint_->masks_.AddAllowed(set_, stacks_, allowed));
  }
  if (set_.ends) {
    for (const text::TokenId token : constraint_->tree().end_of_generation()) allowed.Add(token);
  }
  const auto words = allowed.words();
  if (std::all_of(words.begin(), words.end(), [](uint64_t word) { return word == 0; })) {
    return Status::FailedPrecondition(
        "grammar: no token of the vocabulary goes on here as the grammar demands; change the grammar");
  }
  return {};
} catch (const std::bad_alloc&) {
  return OutOfMemory();
}

Status Matcher::Accept(text::TokenId token) try {
  if (constraint_->tree().EndsGeneration(token)) {
    return set_.ends ? Status() : Status::Internal("grammar: the answer ended where it may not");
  }
  const std::string_view bytes = constraint_->tree().Bytes(token);
  if (bytes.empty()) return Status::Internal(fmt::format("grammar: token {} shows nothing, but was drawn", token));
  return AcceptBytes(bytes);
} catch (const std::bad_alloc&) {
  return OutOfMemory();
}

Status Matcher::AcceptBytes(std::string_view bytes) {
  for (const char byte : bytes) {
    STERNA_ASSIGN_OR_RETURN(set_, reader_.Read(set_, uint8_t(byte)));
    if (set_.empty()) return Status::Internal("grammar: a token was drawn that the grammar does not allow");
  }
  return {};
}

}  // namespace sterna::grammar
