// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "grammar/json_tree.h"
#include "grammar/syntax.h"
#include "sterna/status.h"

namespace sterna::grammar {

// A place in a schema: a value and the JSON pointer that leads to it.
struct SchemaPlace {
  const JsonNode* node = nullptr;
  std::string pointer;  // "#/properties/name"

  SchemaPlace Below(const JsonNode& child, std::string_view key) const;
  SchemaPlace Below(const JsonNode& child, size_t index) const;
  // The member of this key; its node is nullptr when there is none.
  SchemaPlace Member(std::string_view key) const;
  // InvalidArgument: what is wrong here.
  Status Wrong(std::string_view what) const;
};

// A member that must be a whole number of 0 or more, at most kMaxRepetitions; `absent` when there is none.
Result<uint32_t> CountAt(const SchemaPlace& schema, std::string_view key, uint32_t absent);

// The grammar that is made, with the rules of the prelude by name.
class SchemaGrammar {
 public:
  static Result<SchemaGrammar> Create();

  ExpressionId Call(std::string_view prelude_rule) { return syntax.Call(rules.at(std::string(prelude_rule))); }
  bool Has(std::string_view prelude_rule) const { return rules.contains(std::string(prelude_rule)); }

  Syntax syntax;
  std::unordered_map<std::string, RuleId> rules;
};

}  // namespace sterna::grammar
