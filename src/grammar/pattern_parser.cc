// SPDX-License-Identifier: Apache-2.0
#include "grammar/pattern_parser.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "grammar/limits.h"
#include "grammar/schema_strings.h"
#include "text/utf8.h"

namespace sterna::grammar {
namespace {

using Ranges = std::vector<CodePointRange>;

const Ranges& Digits() {
  static const Ranges ranges = {{'0', '9'}};
  return ranges;
}
const Ranges& WordCharacters() {
  static const Ranges ranges = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  return ranges;
}
const Ranges& Spaces() {
  static const Ranges ranges = {{'\t', '\r'},     {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680},
                                {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
                                {0x3000, 0x3000}, {0xfeff, 0xfeff}};
  return ranges;
}
const Ranges& LineEnds() {
  static const Ranges ranges = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
  return ranges;
}

class PatternParser {
 public:
  PatternParser(const SchemaPlace& place, SchemaGrammar& grammar)
      : place_(place), text_(place.node->text), grammar_(grammar), syntax_(grammar.syntax) {}

  Result<ExpressionId> Parse() {
    STERNA_ASSIGN_OR_RETURN(const ExpressionId pattern, ParseAlternatives(0));
    if (!AtEnd()) return Wrong("')' closes no group; escape it with \\");
    return pattern;
  }

 private:
  bool AtEnd() const { return position_ >= text_.size(); }
  char Peek(size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }
  bool Take(std::string_view word) {
    if (!text_.substr(position_).starts_with(word)) return false;
    position_ += word.size();
    return true;
  }
  Status Wrong(std::string_view what) const {
    return place_.Wrong(fmt::format("pattern, byte {}: {}", position_ + 1, what));
  }

  Result<ExpressionId> ParseAlternatives(uint32_t depth) {
    std::vector<ExpressionId> choices;
    do {
      STERNA_ASSIGN_OR_RETURN(const ExpressionId choice, ParseSequence(depth));
      choices.push_back(choice);
    } while (Take("|"));
    return syntax_.Alternatives(std::move(choices));
  }

  // At the top a sequence without an anchor goes on to the string's end.
  Result<ExpressionId> ParseSequence(uint32_t depth) {
    std::vector<ExpressionId> parts;
    if (depth == 0 && !Take("^")) parts.push_back(AnyText());
    bool anchored = false;
    while (!AtEnd() && Peek() != '|' && Peek() != ')') {
      if (depth == 0 && Peek() == '$' && (Peek(1) == '|' || Peek(1) == '\0')) {
        ++position_;
        anchored = true;
        break;
      }
      STERNA_ASSIGN_OR_RETURN(ExpressionId part, ParseAtom(depth));
      STERNA_ASSIGN_OR_RETURN(part, ParseRepetition(part));
      parts.push_back(part);
    }
    if (depth == 0 && !anchored) parts.push_back(AnyText());
    return syntax_.Sequence(std::move(parts));
  }

  ExpressionId AnyText() { return syntax_.Repeat(grammar_.Call("char"), 0); }

  Result<ExpressionId> ParseAtom(uint32_t depth) {
    switch (Peek()) {
      case '(': return ParseGroup(depth);
      case '[': return ParseClass();
      case '.': return ++position_, JsonCharacter(Complement(LineEnds()), syntax_);
      case '^':
      case '$': return Wrong("anchors are only supported at the ends of the pattern; move it there");
      case '*':
      case '+':
      case '?':
      case '{': return Wrong("nothing stands here to be repeated; escape it with \\");
      default: break;
    }
    STERNA_ASSIGN_OR_RETURN(Ranges ranges, ParseCharacter(false));
    return JsonCharacter(ranges, syntax_);
  }

  Result<ExpressionId> ParseGroup(uint32_t depth) {
    if (depth == kMaxNesting) return Wrong(fmt::format("groups nest deeper than {} levels; use fewer", kMaxNesting));
    ++position_;
    if (Peek() == '?' && !Take("?:")) return Wrong("look-around and named groups are not supported; use (...)");
    STERNA_ASSIGN_OR_RETURN(const ExpressionId group, ParseAlternatives(depth + 1));
    if (!Take(")")) return Wrong("')' is missing; close the group");
    return group;
  }

  Result<ExpressionId> ParseClass() {
    ++position_;
    const bool negated = Take("^");
    Ranges ranges;
    while (!Take("]")) {
      if (AtEnd()) return Wrong("']' is missing; close the class");
      STERNA_ASSIGN_OR_RETURN(Ranges first, ParseCharacter(true));
      if (Peek() == '-' && Peek(1) != ']' && Peek(1) != '\0' && IsOne(first)) {
        ++position_;
        STERNA_ASSIGN_OR_RETURN(const Ranges last, ParseCharacter(true));
        if (!IsOne(last) || last.front().first < first.front().first) return Wrong("the range has no order; mend it");
        first.front().last = last.front().last;
      }
      ranges.insert(ranges.end(), first.begin(), first.end());
    }
    return JsonCharacter(negated ? Complement(ranges) : ranges, syntax_);
  }

  static bool IsOne(const Ranges& ranges) { return ranges.size() == 1 && ranges.front().first == ranges.front().last; }

  Result<Ranges> ParseCharacter(bool in_class) {
    if (Peek() == '\\') return ParseEscape(in_class);
    const text::Utf8Step step = text::DecodeUtf8(text_, position_);
    position_ += step.length_bytes;
    return Ranges{{step.code_point, step.code_point}};
  }

  Result<Ranges> ParseEscape(bool in_class) {
    const auto one = [&](char32_t character) { return position_ += 2, Ranges{{character, character}}; };
    const auto set = [&](Ranges ranges) { return position_ += 2, std::move(ranges); };
    switch (Peek(1)) {
      case 'd': return set(Digits());
      case 'D': return set(Complement(Digits()));
      case 'w': return set(WordCharacters());
      case 'W': return set(Complement(WordCharacters()));
      case 's': return set(Spaces());
      case 'S': return set(Complement(Spaces()));
      case 'n': return one('\n');
      case 'r': return one('\r');
      case 't': return one('\t');
      case 'f': return one('\f');
      case 'v': return one('\v');
      case 'x': return ParseHexadecimal(2);
      case 'u': return ParseHexadecimal(4);
      case 'b':
        if (in_class) return one('\b');
        break;
      default: break;
    }
    if (std::string_view(R"(^$\.*+?()[]{}|/-"'`~!@#%&=:;,<> _)").find(Peek(1)) != std::string_view::npos &&
        Peek(1) != '\0') {
      return one(char32_t(Peek(1)));
    }
    return Wrong("the escape is not supported; use a class or the character itself");
  }

  Result<Ranges> ParseHexadecimal(size_t digits) {
    uint32_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char c = Peek(2 + i);
      const size_t digit = std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? char(c + 32) : c);
      if (digit == std::string_view::npos) return Wrong("the escape needs more hexadecimal digits; write them all");
      value = value * 16 + uint32_t(digit);
    }
    if (value >= 0xd800 && value <= 0xdfff) return Wrong("half a pair of code units is no character; write it itself");
    position_ += 2 + digits;
    return Ranges{{value, value}};
  }

  Result<ExpressionId> ParseRepetition(ExpressionId part) {
    uint32_t min = 0, max = Expression::kUnbounded;
    if (Take("?")) {
      max = 1;
    } else if (Take("+")) {
      min = 1;
    } else if (Take("{")) {
      STERNA_ASSIGN_OR_RETURN(min, ParseCount());
      max = min;
      if (Take(",")) {
        max = Expression::kUnbounded;
        if (Peek() != '}') {
          STERNA_ASSIGN_OR_RETURN(max, ParseCount());
        }
      }
      if (!Take("}")) return Wrong("'}' is missing; write {m}, {m,} or {m,n}");
      if (max < min) return Wrong("the most are fewer than the least; swap them");
    } else if (!Take("*")) {
      return part;
    }
    Take("?");  // a lazy repetition matches the same texts
    if (Peek() == '*' || Peek() == '+' || Peek() == '?' || Peek() == '{')
      return Wrong("this repeats a repetition; use one");
    return syntax_.Repeat(part, min, max);
  }

  Result<uint32_t> ParseCount() {
    if (Peek() < '0' || Peek() > '9') return Wrong("a number should stand here; write {m}, {m,} or {m,n}");
    uint32_t value = 0;
    for (; Peek() >= '0' && Peek() <= '9'; ++position_) {
      value = value * 10 + uint32_t(Peek() - '0');
      if (value > kMaxRepetitions) return Wrong(fmt::format("too many repetitions; the limit is {}", kMaxRepetitions));
    }
    return value;
  }

  const SchemaPlace& place_;
  const std::string_view text_;
  SchemaGrammar& grammar_;
  Syntax& syntax_;
  size_t position_ = 0;
};

}  // namespace

Result<ExpressionId> PatternExpression(const SchemaPlace& place, SchemaGrammar& grammar) {
  if (!place.node->is(JsonNode::Kind::kText)) return place.Wrong("a pattern should stand here; write it as text");
  return PatternParser(place, grammar).Parse();
}

}  // namespace sterna::grammar
