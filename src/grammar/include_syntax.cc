// SPDX-License-Identifier: Apache-2.0
#include "grammar/include_syntax.h"

namespace sterna::grammar {
namespace {

// A copy of `expression`, whose parts are in `syntax` already: copies[id] is that of id.
ExpressionId Copy(const Expression& expression, const std::vector<ExpressionId>& copies, RuleId first_rule,
                  Syntax& syntax) {
  std::vector<ExpressionId> parts;
  parts.reserve(expression.parts.size());
  for (const ExpressionId part : expression.parts) parts.push_back(copies[part]);
  switch (expression.kind) {
    case Expression::Kind::kText: return syntax.Text(expression.text);
    case Expression::Kind::kCharacter: return syntax.Character(expression.ranges);
    case Expression::Kind::kSequence: return syntax.Sequence(std::move(parts));
    case Expression::Kind::kAlternatives: return syntax.Alternatives(std::move(parts));
    case Expression::Kind::kRepeat: return syntax.Repeat(parts.front(), expression.min, expression.max);
    case Expression::Kind::kRule: break;
  }
  return syntax.Call(expression.rule + first_rule);
}

}  // namespace

ExpressionId IncludeSyntax(const Syntax& other, Syntax& syntax) {
  const auto first_rule = RuleId(syntax.rules().size());
  std::vector<ExpressionId> copies;  // parts come before what they are parts of
  copies.reserve(other.size());
  for (ExpressionId id = 0; id < other.size(); ++id) {
    copies.push_back(Copy(other.expression(id), copies, first_rule, syntax));
  }
  for (const Syntax::Rule& rule : other.rules()) {
    const RuleId copy = syntax.AddRule(rule.name, rule.place);
    if (rule.defined) syntax.Define(copy, copies[rule.body]);
  }
  return syntax.Call(other.root + first_rule);
}

}  // namespace sterna::grammar
