// SPDX-License-Identifier: Apache-2.0
//
// What a grammar allows, told straight from its expressions without an automaton: slow, and simple enough to trust.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "grammar/syntax.h"
#include "text/utf8.h"

namespace sterna::grammar {

// For grammars without left recursion in which every expression matches some text.
class SyntaxOracle {
 public:
  SyntaxOracle(const Syntax& syntax, std::string_view text) : syntax_(syntax), text_(text) {}

  bool Matches() { return Read(Root(), 0).ends.contains(text_.size()); }
  // Whether some text of the grammar begins with this one.
  bool BeginsSomeText() {
    const Outcome& outcome = Read(Root(), 0);
    return outcome.cut || outcome.ends.contains(text_.size());
  }

 private:
  struct Outcome {
    std::set<size_t> ends;  // where the expression may end
    bool cut = false;       // the text ended inside of it
    void Add(const Outcome& other) {
      ends.insert(other.ends.begin(), other.ends.end());
      cut = cut || other.cut;
    }
  };

  ExpressionId Root() const { return syntax_.rules()[syntax_.root].body; }

  const Outcome& Read(ExpressionId id, size_t from) {
    const auto known = known_.find({id, from});
    if (known != known_.end()) return known->second;
    Outcome outcome = Compute(syntax_.expression(id), from);
    return known_[{id, from}] = std::move(outcome);
  }

  Outcome Compute(const Expression& expression, size_t from) {
    switch (expression.kind) {
      case Expression::Kind::kText: return ReadText(expression.text, from);
      case Expression::Kind::kCharacter: return ReadCharacter(expression, from);
      case Expression::Kind::kRule: return Read(syntax_.rules()[expression.rule].body, from);
      case Expression::Kind::kRepeat: return ReadRepeat(expression, from);
      case Expression::Kind::kAlternatives: {
        Outcome all;
        for (const ExpressionId part : expression.parts) all.Add(Read(part, from));
        return all;
      }
      case Expression::Kind::kSequence: {
        Outcome now{{from}, false};
        for (const ExpressionId part : expression.parts) now = Behind(now, part);
        return now;
      }
    }
    return {};
  }

  Outcome Behind(const Outcome& before, ExpressionId part) {
    Outcome next;
    next.cut = before.cut;
    for (const size_t end : before.ends) next.Add(Read(part, end));
    return next;
  }

  Outcome ReadText(const std::string& expected, size_t from) const {
    const std::string_view rest = text_.substr(from);
    if (rest.starts_with(expected)) return {{from + expected.size()}, false};
    return {{}, std::string_view(expected).starts_with(rest)};
  }

  Outcome ReadCharacter(const Expression& expression, size_t from) const {
    if (from == text_.size()) return {{}, true};
    const text::Utf8Step step = text::DecodeUtf8(text_, from);
    if (step.kind != text::Utf8Step::Kind::kCharacter) return {};
    for (const CodePointRange range : expression.ranges) {
      if (step.code_point >= range.first && step.code_point <= range.last) return {{from + step.length_bytes}, false};
    }
    return {};
  }

  // More repetitions than the text has bytes, beside those that must be, find nothing new.
  Outcome ReadRepeat(const Expression& expression, size_t from) {
    Outcome now{{from}, false}, all;
    const uint32_t enough = expression.min + uint32_t(text_.size() - from) + 1;
    for (uint32_t i = 0; i <= std::min(expression.max, enough); ++i) {
      if (i >= expression.min) all.Add(now);
      all.cut = all.cut || now.cut;
      now = Behind(now, expression.parts.front());
    }
    return all;
  }

  const Syntax& syntax_;
  const std::string_view text_;
  std::map<std::pair<ExpressionId, size_t>, Outcome> known_;
};

}  // namespace sterna::grammar
