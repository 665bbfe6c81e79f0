// SPDX-License-Identifier: Apache-2.0
#include "grammar/syntax.h"

#include <algorithm>
#include <utility>

namespace sterna::grammar {
namespace {

constexpr char32_t kFirstSurrogate = 0xd800, kLastSurrogate = 0xdfff;

void AddWithoutSurrogates(CodePointRange range, std::vector<CodePointRange>& out) {
  constexpr char32_t kBefore = kFirstSurrogate - 1, kBehind = kLastSurrogate + 1;
  if (range.first <= kBefore) out.push_back({range.first, std::min(range.last, kBefore)});
  if (range.last >= kBehind) out.push_back({std::max(range.first, kBehind), range.last});
}

}  // namespace

std::vector<CodePointRange> Normalized(const std::vector<CodePointRange>& ranges) {
  std::vector<CodePointRange> plain, merged;
  for (const CodePointRange range : ranges) AddWithoutSurrogates(range, plain);
  std::sort(plain.begin(), plain.end(), [](auto a, auto b) { return a.first < b.first; });
  for (const CodePointRange range : plain) {
    if (!merged.empty() && range.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

std::vector<CodePointRange> Complement(const std::vector<CodePointRange>& ranges) {
  std::vector<CodePointRange> gaps;
  char32_t next = 0;
  for (const CodePointRange range : Normalized(ranges)) {
    if (range.first > next) gaps.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCodePoint) gaps.push_back({next, kLastCodePoint});
  return Normalized(gaps);
}

ExpressionId Syntax::Add(Expression expression) {
  expressions_.push_back(std::move(expression));
  return ExpressionId(expressions_.size() - 1);
}

ExpressionId Syntax::Text(std::string text) {
  Expression expression;
  expression.kind = Expression::Kind::kText;
  expression.text = std::move(text);
  return Add(std::move(expression));
}

ExpressionId Syntax::Character(const std::vector<CodePointRange>& ranges) {
  Expression expression;
  expression.kind = Expression::Kind::kCharacter;
  expression.ranges = Normalized(ranges);
  return Add(std::move(expression));
}

ExpressionId Syntax::Sequence(std::vector<ExpressionId> parts) {
  if (parts.size() == 1) return parts.front();
  Expression expression;
  expression.kind = Expression::Kind::kSequence;
  expression.parts = std::move(parts);
  return Add(std::move(expression));
}

ExpressionId Syntax::Alternatives(std::vector<ExpressionId> parts) {
  if (parts.size() == 1) return parts.front();
  Expression expression;
  expression.kind = Expression::Kind::kAlternatives;
  expression.parts = std::move(parts);
  return Add(std::move(expression));
}

ExpressionId Syntax::Repeat(ExpressionId part, uint32_t min, uint32_t max) {
  Expression expression;
  expression.kind = Expression::Kind::kRepeat;
  expression.parts = {part};
  expression.min = min;
  expression.max = max;
  return Add(std::move(expression));
}

ExpressionId Syntax::Call(RuleId rule) {
  Expression expression;
  expression.kind = Expression::Kind::kRule;
  expression.rule = rule;
  return Add(std::move(expression));
}

RuleId Syntax::AddRule(std::string name, std::string place) {
  rules_.push_back({std::move(name), std::move(place)});
  return RuleId(rules_.size() - 1);
}

void Syntax::Define(RuleId rule, ExpressionId body) {
  rules_[rule].body = body;
  rules_[rule].defined = true;
}

}  // namespace sterna::grammar
