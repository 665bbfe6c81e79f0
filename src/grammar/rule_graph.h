// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "grammar/syntax.h"
#include "grammar/utf8_sequences.h"
#include "sterna/status.h"

namespace sterna::grammar {

// One rule as a graph, straight from its expression: several steps may read the same byte, some read nothing.
struct RuleGraph {
  struct Step {
    enum class Kind : uint8_t { kNothing, kByte, kRule };
    uint32_t from = 0, to = 0;
    Kind kind = Kind::kNothing;
    ByteRange bytes;  // kByte
    RuleId rule = 0;  // kRule
  };
  std::vector<Step> steps;
  uint32_t state_count = 0;
  uint32_t begin = 0, end = 0;
};

// ResourceExhausted when the rule, with its repetitions written out, takes over kMaxStates states.
Result<RuleGraph> BuildRuleGraph(const Syntax& syntax, RuleId rule);

}  // namespace sterna::grammar
