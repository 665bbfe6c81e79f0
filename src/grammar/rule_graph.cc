// SPDX-License-Identifier: Apache-2.0
#include "grammar/rule_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "grammar/limits.h"

namespace sterna::grammar {
namespace {

constexpr ByteRange kContinuation = {0x80, 0xbf};

// Thompson's construction. Expressions nest no deeper than the front ends let them, so recursion is bounded.
class GraphBuilder {
 public:
  explicit GraphBuilder(const Syntax& syntax) : syntax_(syntax) {}

  bool Build(ExpressionId body) {
    graph_.begin = NewState();
    graph_.end = NewState();
    Add(body, graph_.begin, graph_.end);
    return !TooBig();
  }
  RuleGraph Take() { return std::move(graph_); }

 private:
  bool TooBig() const { return graph_.state_count > kMaxStates || graph_.steps.size() > 4 * kMaxStates; }
  uint32_t NewState() { return graph_.state_count++; }
  void AddNothing(uint32_t from, uint32_t to) {
    graph_.steps.push_back({from, to, RuleGraph::Step::Kind::kNothing, {}, 0});
  }
  void AddByte(uint32_t from, uint32_t to, ByteRange bytes) {
    graph_.steps.push_back({from, to, RuleGraph::Step::Kind::kByte, bytes, 0});
  }

  void Add(ExpressionId id, uint32_t from, uint32_t to) {
    if (TooBig()) return;
    const Expression& expression = syntax_.expression(id);
    switch (expression.kind) {
      case Expression::Kind::kText: return AddText(expression.text, from, to);
      case Expression::Kind::kCharacter: return AddCharacter(expression.ranges, from, to);
      case Expression::Kind::kSequence: return AddSequence(expression.parts, from, to);
      case Expression::Kind::kRepeat: return AddRepeat(expression, from, to);
      case Expression::Kind::kRule:
        graph_.steps.push_back({from, to, RuleGraph::Step::Kind::kRule, {}, expression.rule});
        return;
      case Expression::Kind::kAlternatives:
        for (const ExpressionId part : expression.parts) Add(part, from, to);
        return;
    }
  }

  void AddText(const std::string& text, uint32_t from, uint32_t to) {
    for (const char c : text) {
      const uint32_t next = NewState();
      AddByte(from, next, {uint8_t(c), uint8_t(c)});
      from = next;
    }
    AddNothing(from, to);
  }

  // Sequences that end alike share the states of their ends.
  void AddCharacter(const std::vector<CodePointRange>& ranges, uint32_t from, uint32_t to) {
    std::array<uint32_t, 4> tails = {to, 0, 0, 0};  // by how many continuation bytes of any value follow; 0: not made
    const auto tail = [&](size_t following) {
      for (size_t i = 1; i <= following; ++i) {
        if (tails[i] != 0) continue;
        tails[i] = NewState();
        AddByte(tails[i], tails[i - 1], kContinuation);
      }
      return tails[following];
    };
    for (const CodePointRange range : ranges) {
      for (const ByteSequence& sequence : Utf8Sequences(range)) AddByteSequence(sequence, from, tail);
    }
  }

  template <class Tail>
  void AddByteSequence(const ByteSequence& sequence, uint32_t from, const Tail& tail) {
    size_t own = sequence.length;  // bytes before the tail
    while (own > 1 && sequence.bytes[own - 1].first == kContinuation.first &&
           sequence.bytes[own - 1].last == kContinuation.last) {
      --own;
    }
    for (size_t i = 0; i + 1 < own; ++i) {
      const uint32_t next = NewState();
      AddByte(from, next, sequence.bytes[i]);
      from = next;
    }
    AddByte(from, tail(sequence.length - own), sequence.bytes[own - 1]);
  }

  void AddSequence(const std::vector<ExpressionId>& parts, uint32_t from, uint32_t to) {
    for (const ExpressionId part : parts) {
      const uint32_t next = NewState();
      Add(part, from, next);
      from = next;
    }
    AddNothing(from, to);
  }

  void AddRepeat(const Expression& expression, uint32_t from, uint32_t to) {
    const ExpressionId part = expression.parts.front();
    for (uint32_t i = 0; i < expression.min && !TooBig(); ++i) {
      const uint32_t next = NewState();
      Add(part, from, next);
      from = next;
    }
    if (expression.max == Expression::kUnbounded) {
      const uint32_t loop = NewState();
      AddNothing(from, loop);
      Add(part, loop, loop);
      AddNothing(loop, to);
      return;
    }
    for (uint32_t i = expression.min; i < expression.max && !TooBig(); ++i) {
      AddNothing(from, to);
      const uint32_t next = NewState();
      Add(part, from, next);
      from = next;
    }
    AddNothing(from, to);
  }

  const Syntax& syntax_;
  RuleGraph graph_;
};

}  // namespace

Result<RuleGraph> BuildRuleGraph(const Syntax& syntax, RuleId rule) {
  GraphBuilder builder(syntax);
  const Syntax::Rule& written = syntax.rules()[rule];
  if (builder.Build(written.body)) return builder.Take();
  return Status::ResourceExhausted(
      fmt::format("grammar {}: rule '{}' takes over {} states, which is the limit; use smaller repetitions",
                  written.place, written.name, kMaxStates));
}

}  // namespace sterna::grammar
