// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_context.h"

#include <fmt/format.h>

#include <utility>

#include "base/status_macros.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_prelude.h"
#include "grammar/limits.h"

namespace sterna::grammar {
namespace {

std::string EscapedKey(std::string_view key) {
  std::string escaped;
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

SchemaPlace SchemaPlace::Below(const JsonNode& child, std::string_view key) const {
  return {&child, pointer + '/' + EscapedKey(key)};
}

SchemaPlace SchemaPlace::Below(const JsonNode& child, size_t index) const {
  return {&child, fmt::format("{}/{}", pointer, index)};
}

SchemaPlace SchemaPlace::Member(std::string_view key) const {
  const JsonNode* const child = node->Find(key);
  return {child, pointer + '/' + EscapedKey(key)};
}

Status SchemaPlace::Wrong(std::string_view what) const {
  return Status::InvalidArgument(fmt::format("schema {}: {}", pointer, what));
}

Result<uint32_t> CountAt(const SchemaPlace& schema, std::string_view key, uint32_t absent) {
  const SchemaPlace place = schema.Member(key);
  if (place.node == nullptr) return absent;
  if (!place.node->is(JsonNode::Kind::kInteger) || place.node->integer < 0) {
    return place.Wrong("a whole number of 0 or more should stand here; write one");
  }
  if (place.node->integer > int64_t(kMaxRepetitions)) {
    return place.Wrong(fmt::format("{} is over the limit of {}; use a smaller one", place.node->text, kMaxRepetitions));
  }
  return uint32_t(place.node->integer);
}

Result<SchemaGrammar> SchemaGrammar::Create() {
  SchemaGrammar grammar;
  STERNA_ASSIGN_OR_RETURN(grammar.syntax, ParseGbnf(kJsonPrelude, "value"));
  for (RuleId rule = 0; rule < grammar.syntax.rules().size(); ++rule) {
    grammar.rules.emplace(grammar.syntax.rules()[rule].name, rule);
    grammar.syntax.rules()[rule].place = "of JSON";
  }
  return grammar;
}

}  // namespace sterna::grammar
