// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "grammar/syntax.h"
#include "grammar/utf8_sequences.h"
#include "sterna/status.h"

namespace sterna::grammar {

// One rule as states with steps that read a byte or a rule. Deterministic, at most one step for a byte and one for a
// rule, unless that would take far more states than the rule as it was written.
struct RuleStates {
  struct ByteStep {
    ByteRange bytes;
    uint32_t target = 0;
  };
  struct CallStep {
    RuleId rule = 0;
    uint32_t target = 0;  // where it goes on behind that rule
  };
  struct State {
    std::vector<ByteStep> byte_steps;
    std::vector<CallStep> call_steps;
    bool final = false;  // the rule may end here
  };
  std::vector<State> states;  // the first one begins the rule
};

// ResourceExhausted naming the rule when it needs too many states or too much work (limits.h).
Result<RuleStates> BuildRuleStates(const Syntax& syntax, RuleId rule);

}  // namespace sterna::grammar
