// SPDX-License-Identifier: Apache-2.0
#include "grammar/gbnf_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "grammar/gbnf_scanner.h"
#include "grammar/limits.h"
#include "text/utf8.h"

namespace sterna::grammar {
namespace {

class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text) : scanner_(text) {}

  Result<Syntax> Parse(std::string_view root) {
    scanner_.SkipSpace(true);
    while (!scanner_.AtEnd()) {
      STERNA_RETURN_IF_ERROR(ParseRule());
      scanner_.SkipSpace(true);
    }
    STERNA_RETURN_IF_ERROR(CheckDefined());
    const auto found = rules_.find(std::string(root));
    if (found == rules_.end()) {
      return Status::InvalidArgument(
          fmt::format("grammar: it has no rule '{}', where an answer begins; add one", root));
    }
    syntax_.root = found->second;
    return std::move(syntax_);
  }

 private:
  // The rule of this name, which may come later in the text.
  Result<RuleId> RuleNamed(std::string name, size_t position) {
    const auto [entry, added] = rules_.try_emplace(name, RuleId(syntax_.rules().size()));
    if (!added) return entry->second;
    if (syntax_.rules().size() == kMaxRules) {
      return Status::ResourceExhausted(fmt::format("grammar: it has over {} rules; that is the limit", kMaxRules));
    }
    first_use_.push_back(position);
    return syntax_.AddRule(std::move(name), {});
  }

  Status ParseRule() {
    const size_t begin = scanner_.position();
    if (!scanner_.AtName()) return scanner_.Wrong("a rule's name should stand here; write name ::= ...");
    const std::string name = scanner_.TakeName();
    scanner_.SkipSpace(false);
    if (!scanner_.Take("::=")) return scanner_.Wrong("'::=' should stand behind a rule's name; write name ::= ...");
    STERNA_ASSIGN_OR_RETURN(const RuleId rule, RuleNamed(name, begin));
    if (syntax_.rules()[rule].defined) {
      return scanner_.WrongAt(begin, fmt::format("rule '{}' stands twice; join them with |", name));
    }
    scanner_.SkipSpace(true);
    STERNA_ASSIGN_OR_RETURN(const ExpressionId body, ParseAlternatives(0));
    syntax_.Define(rule, body);
    syntax_.rules()[rule].place = scanner_.PlaceOf(begin);
    return scanner_.TakeLineEnd();
  }

  Result<ExpressionId> ParseAlternatives(uint32_t depth) {
    std::vector<ExpressionId> alternatives;
    do {
      if (!alternatives.empty()) scanner_.SkipSpace(true);
      STERNA_ASSIGN_OR_RETURN(const ExpressionId sequence, ParseSequence(depth));
      alternatives.push_back(sequence);
    } while (scanner_.Take("|"));
    return syntax_.Alternatives(std::move(alternatives));
  }

  // Items up to what is none. Inside of brackets a sequence goes on over line ends.
  Result<ExpressionId> ParseSequence(uint32_t depth) {
    std::vector<ExpressionId> items;
    while (AtItem()) {
      STERNA_ASSIGN_OR_RETURN(ExpressionId item, ParseItem(depth));
      scanner_.SkipSpace(depth > 0);
      STERNA_ASSIGN_OR_RETURN(item, ParseRepetitions(item, depth));
      items.push_back(item);
    }
    return syntax_.Sequence(std::move(items));
  }

  bool AtItem() const {
    const char c = scanner_.Peek();
    return c == '"' || c == '[' || c == '(' || c == '.' || c == '<' || c == '!' || scanner_.AtName();
  }

  Result<ExpressionId> ParseItem(uint32_t depth) {
    const size_t begin = scanner_.position();
    if (scanner_.Take("\"")) return ParseText(begin);
    if (scanner_.Take("[")) return ParseClass(begin);
    if (scanner_.Take("(")) return ParseGroup(begin, depth);
    if (scanner_.Take(".")) return syntax_.Character({{0, kLastCodePoint}});
    if (!scanner_.AtName()) return scanner_.Wrong("tokens in <...> are not supported; write their text in quotes");
    STERNA_ASSIGN_OR_RETURN(const RuleId rule, RuleNamed(scanner_.TakeName(), begin));
    return syntax_.Call(rule);
  }

  Result<ExpressionId> ParseGroup(size_t begin, uint32_t depth) {
    if (depth == kMaxNesting) {
      return scanner_.WrongAt(begin, fmt::format("brackets nest deeper than {} levels; use rules", kMaxNesting));
    }
    scanner_.SkipSpace(true);
    STERNA_ASSIGN_OR_RETURN(const ExpressionId group, ParseAlternatives(depth + 1));
    if (!scanner_.Take(")")) {
      return scanner_.Wrong(fmt::format("')' is missing for the bracket of {}; close it", scanner_.PlaceOf(begin)));
    }
    return group;
  }

  Result<ExpressionId> ParseText(size_t begin) {
    std::string text;
    while (!scanner_.Take("\"")) {
      if (scanner_.AtEnd()) return scanner_.WrongAt(begin, "the text has no closing quote; add it");
      STERNA_ASSIGN_OR_RETURN(const char32_t character, scanner_.TakeCharacter());
      text::AppendUtf8(character, text);
    }
    return syntax_.Text(std::move(text));
  }

  Result<ExpressionId> ParseClass(size_t begin) {
    const bool negated = scanner_.Take("^");
    std::vector<CodePointRange> ranges;
    while (!scanner_.Take("]")) {
      if (scanner_.AtEnd()) return scanner_.WrongAt(begin, "the class has no closing bracket; add ]");
      const size_t place = scanner_.position();
      STERNA_ASSIGN_OR_RETURN(const char32_t first, scanner_.TakeCharacter());
      char32_t last = first;
      if (scanner_.Peek() == '-' && scanner_.Peek(1) != ']' && scanner_.Peek(1) != '\0') {
        scanner_.Skip();
        STERNA_ASSIGN_OR_RETURN(last, scanner_.TakeCharacter());
      }
      if (last < first) return scanner_.WrongAt(place, "the range ends before it begins; swap its ends");
      ranges.push_back({first, last});
    }
    return syntax_.Character(negated ? Complement(ranges) : std::move(ranges));
  }

  Result<ExpressionId> ParseRepetitions(ExpressionId item, uint32_t depth) {
    for (uint32_t in_a_row = 0;; ++in_a_row) {
      if (scanner_.Take("*")) {
        item = syntax_.Repeat(item, 0);
      } else if (scanner_.Take("+")) {
        item = syntax_.Repeat(item, 1);
      } else if (scanner_.Take("?")) {
        item = syntax_.Optional(item);
      } else if (scanner_.Take("{")) {
        STERNA_ASSIGN_OR_RETURN(item, ParseCounts(item));
      } else {
        return item;
      }
      if (in_a_row == kMaxNesting) return scanner_.Wrong("too many repetitions of one item; one says it");
      scanner_.SkipSpace(depth > 0);
    }
  }

  Result<ExpressionId> ParseCounts(ExpressionId item) {
    const size_t begin = scanner_.position();
    scanner_.SkipSpace(false);
    uint32_t min = 0;
    if (scanner_.Peek() != ',') {
      STERNA_ASSIGN_OR_RETURN(min, scanner_.TakeNumber());
    }
    uint32_t max = min;
    scanner_.SkipSpace(false);
    if (scanner_.Take(",")) {
      scanner_.SkipSpace(false);
      max = Expression::kUnbounded;
      if (scanner_.Peek() != '}') {
        STERNA_ASSIGN_OR_RETURN(max, scanner_.TakeNumber());
      }
      scanner_.SkipSpace(false);
    }
    if (!scanner_.Take("}")) return scanner_.Wrong("'}' is missing; write {m}, {m,}, {,n} or {m,n}");
    if (max < min) return scanner_.WrongAt(begin, "the most are fewer than the least; swap them");
    return syntax_.Repeat(item, min, max);
  }

  Status CheckDefined() const {
    for (size_t rule = 0; rule < syntax_.rules().size(); ++rule) {
      if (syntax_.rules()[rule].defined) continue;
      return scanner_.WrongAt(first_use_[rule],
                              fmt::format("there is no rule '{}'; define it", syntax_.rules()[rule].name));
    }
    return {};
  }

  GbnfScanner scanner_;
  Syntax syntax_;
  std::unordered_map<std::string, RuleId> rules_;
  std::vector<size_t> first_use_;  // of each rule: where it is named first
};

}  // namespace

Result<Syntax> ParseGbnf(std::string_view text, std::string_view root) try {
  if (text.size() > kMaxTextBytes) {
    return Status::ResourceExhausted(
        fmt::format("grammar: it has {} bytes; the limit is {}", text.size(), kMaxTextBytes));
  }
  return GbnfParser(text).Parse(root);
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted("grammar: not enough memory to read it");
}

}  // namespace sterna::grammar
