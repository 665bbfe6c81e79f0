// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_strings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "grammar/pattern_parser.h"
#include "text/utf8.h"

namespace sterna::grammar {
namespace {

constexpr std::string_view kFormats[] = {"date", "time", "date-time", "uuid", "ipv4"};

std::string JsonEscape(char32_t character) {
  switch (character) {
    case U'"': return "\\\"";
    case U'\\': return "\\\\";
    case U'\b': return "\\b";
    case U'\f': return "\\f";
    case U'\n': return "\\n";
    case U'\r': return "\\r";
    case U'\t': return "\\t";
    default: return fmt::format("\\u{:04x}", uint32_t(character));
  }
}

// What a JSON string may not hold as it is, and DEL.
bool NeedsEscape(char32_t character) {
  return character < 0x20 || character == 0x7f || character == U'"' || character == U'\\';
}

// Names that are left to tell apart, by what they have in common: a tree of their characters.
class OtherNames {
 public:
  OtherNames(std::span<const std::string> names, SchemaGrammar& grammar) : grammar_(grammar) {
    for (const std::string& name : names) {
      Node* node = &root_;
      for (size_t i = 0; i < name.size();) {
        const text::Utf8Step step = text::DecodeUtf8(name, i);
        i += step.length_bytes;
        node = &node->next[step.code_point];
      }
      node->ends = true;
    }
  }

  // One rule a node: names may be long, and expressions must not nest so deep.
  ExpressionId Build() {
    std::vector<std::pair<const Node*, RuleId>> pending = {{&root_, NewRule()}};
    for (size_t i = 0; i < pending.size(); ++i) {
      const auto [node, rule] = pending[i];
      Syntax& syntax = grammar_.syntax;
      std::vector<CodePointRange> known = {{0, 0x1f}, {'"', '"'}, {'\\', '\\'}, {0x7f, 0x7f}};
      std::vector<ExpressionId> choices;
      for (const auto& [character, next] : node->next) {
        known.push_back({character, character});
        if (NeedsEscape(character)) continue;  // it is never written
        pending.emplace_back(&next, NewRule());
        choices.push_back(
            syntax.Sequence({syntax.Character({{character, character}}), syntax.Call(pending.back().second)}));
      }
      choices.push_back(
          syntax.Sequence({syntax.Character(Complement(known)), syntax.Repeat(grammar_.Call("plain"), 0)}));
      if (!node->ends) choices.push_back(syntax.Text(""));
      syntax.Define(rule, syntax.Alternatives(std::move(choices)));
    }
    return grammar_.syntax.Call(pending.front().second);
  }

 private:
  struct Node {
    std::map<char32_t, Node> next;
    bool ends = false;
  };

  RuleId NewRule() { return grammar_.syntax.AddRule("other-key", "of the schema"); }

  SchemaGrammar& grammar_;
  Node root_;
};

Result<ExpressionId> FormatExpression(const SchemaPlace& format, SchemaGrammar& grammar) {
  if (!format.node->is(JsonNode::Kind::kText)) return format.Wrong("a format's name should stand here; write one");
  const auto* const found = std::find(std::begin(kFormats), std::end(kFormats), format.node->text);
  if (found == std::end(kFormats)) {
    return format.Wrong(fmt::format("the format {} is not supported; use one of {}", QuotedJson(format.node->text),
                                    fmt::join(kFormats, ", ")));
  }
  return grammar.Call(*found);
}

}  // namespace

ExpressionId JsonCharacter(const std::vector<CodePointRange>& ranges, Syntax& syntax) {
  std::vector<CodePointRange> plain;
  std::vector<ExpressionId> choices;
  for (CodePointRange range : Normalized(ranges)) {
    for (; range.first <= std::min<char32_t>(range.last, 0x7f); ++range.first) {
      if (NeedsEscape(range.first)) {
        choices.push_back(syntax.Text(JsonEscape(range.first)));
      } else {
        plain.push_back({range.first, range.first});
      }
    }
    if (range.first <= range.last) plain.push_back(range);
  }
  choices.push_back(syntax.Character(plain));
  return syntax.Alternatives(std::move(choices));
}

Result<ExpressionId> StringExpression(const SchemaPlace& schema, SchemaGrammar& grammar) {
  const SchemaPlace pattern = schema.Member("pattern"), format = schema.Member("format");
  STERNA_ASSIGN_OR_RETURN(const uint32_t min, CountAt(schema, "minLength", 0));
  STERNA_ASSIGN_OR_RETURN(const uint32_t max, CountAt(schema, "maxLength", Expression::kUnbounded));
  const bool bounded = min > 0 || max != Expression::kUnbounded;
  if (max < min) return schema.Wrong("maxLength is less than minLength; swap them");
  if (int(pattern.node != nullptr) + int(format.node != nullptr) + int(bounded) > 1) {
    return schema.Wrong("lengths, pattern and format are not supported together; keep one of them");
  }
  Syntax& syntax = grammar.syntax;
  ExpressionId inside = 0;
  if (pattern.node != nullptr) {
    STERNA_ASSIGN_OR_RETURN(inside, PatternExpression(pattern, grammar));
  } else if (format.node != nullptr) {
    STERNA_ASSIGN_OR_RETURN(inside, FormatExpression(format, grammar));
  } else if (bounded) {
    inside = syntax.Repeat(grammar.Call("char"), min, max);
  } else {
    return grammar.Call("string");
  }
  return syntax.Sequence({syntax.Text("\""), inside, syntax.Text("\"")});
}

ExpressionId OtherKey(std::span<const std::string> names, SchemaGrammar& grammar) {
  if (names.empty()) return grammar.Call("string");
  Syntax& syntax = grammar.syntax;
  return syntax.Sequence({syntax.Text("\""), OtherNames(names, grammar).Build(), syntax.Text("\"")});
}

}  // namespace sterna::grammar
