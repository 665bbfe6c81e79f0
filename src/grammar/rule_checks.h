// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "grammar/rule_states.h"
#include "grammar/syntax.h"
#include "sterna/status.h"

namespace sterna::grammar {

// The states of all rules one behind the other: rule r's state i has number first_state[r] + i.
struct RuleSet {
  std::vector<RuleStates> rules;
  std::vector<uint32_t> first_state;  // of each rule, and the number of all
  size_t state_count() const { return first_state.back(); }
};

// InvalidArgument when a rule can begin with itself before anything is read.
Status CheckLeftRecursion(const Syntax& syntax, const RuleSet& set);

// Of each state whether some text leads from it to the end of its rule.
std::vector<bool> LiveStates(const RuleSet& set);

}  // namespace sterna::grammar
