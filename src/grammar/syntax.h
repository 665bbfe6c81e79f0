// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::grammar {

struct CodePointRange {
  char32_t first = 0, last = 0;  // both inside
};
inline constexpr char32_t kLastCodePoint = 0x10ffff;

// Sorted, without overlaps, without surrogates (which UTF-8 does not have).
std::vector<CodePointRange> Normalized(const std::vector<CodePointRange>& ranges);
// All other code points.
std::vector<CodePointRange> Complement(const std::vector<CodePointRange>& ranges);

using ExpressionId = uint32_t;
using RuleId = uint32_t;

struct Expression {
  enum class Kind : uint8_t { kText, kCharacter, kSequence, kAlternatives, kRepeat, kRule };
  static constexpr uint32_t kUnbounded = std::numeric_limits<uint32_t>::max();

  Kind kind = Kind::kText;
  std::string text;                    // kText: UTF-8, may be empty
  std::vector<CodePointRange> ranges;  // kCharacter: one of these; none: matches nothing
  std::vector<ExpressionId> parts;     // kSequence and kAlternatives: any number; kRepeat: one
  uint32_t min = 0, max = kUnbounded;  // kRepeat
  RuleId rule = 0;                     // kRule
};

// A grammar as it was written: rules of expressions, which refer to each other by index. The front ends (GBNF, JSON
// Schema) make one; Compile makes it run.
class Syntax {
 public:
  struct Rule {
    std::string name;
    std::string place;  // for messages: "line 3, column 1", "#/properties/name"
    ExpressionId body = 0;
    bool defined = false;
  };

  ExpressionId Text(std::string text);
  ExpressionId Character(const std::vector<CodePointRange>& ranges);
  ExpressionId Sequence(std::vector<ExpressionId> parts);
  ExpressionId Alternatives(std::vector<ExpressionId> parts);
  ExpressionId Repeat(ExpressionId part, uint32_t min, uint32_t max = Expression::kUnbounded);
  ExpressionId Call(RuleId rule);
  ExpressionId Optional(ExpressionId part) { return Repeat(part, 0, 1); }

  // A rule without a body yet, so that rules may refer to later ones.
  RuleId AddRule(std::string name, std::string place);
  void Define(RuleId rule, ExpressionId body);

  const Expression& expression(ExpressionId id) const { return expressions_[id]; }
  const std::vector<Rule>& rules() const { return rules_; }
  std::vector<Rule>& rules() { return rules_; }
  size_t size() const { return expressions_.size(); }
  RuleId root = 0;

 private:
  ExpressionId Add(Expression expression);

  std::vector<Expression> expressions_;
  std::vector<Rule> rules_;
};

}  // namespace sterna::grammar
