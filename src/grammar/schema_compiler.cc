// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/status_macros.h"
#include "grammar/json_schema.h"
#include "grammar/limits.h"
#include "grammar/schema_branches.h"
#include "grammar/schema_numbers.h"
#include "grammar/schema_strings.h"

namespace sterna::grammar {
namespace {

std::string Unescaped(std::string_view key) {
  std::string text;
  for (size_t i = 0; i < key.size(); ++i) {
    const bool escape = key[i] == '~' && i + 1 < key.size() && (key[i + 1] == '0' || key[i + 1] == '1');
    text += escape ? (key[++i] == '0' ? '~' : '/') : key[i];
  }
  return text;
}

// Whether several schemas must hold at once: allOf, or a reference beside other keywords.
bool IsJoined(const JsonNode& schema) {
  if (schema.Find("allOf") != nullptr) return true;
  return schema.Find("$ref") != nullptr && AsksOtherThan(schema, {"$ref"});
}

}  // namespace

Result<RuleId> SchemaCompiler::Compile() {
  const RuleId rule = syntax_.AddRule("schema", "#");
  references_.emplace(&root_, rule);
  pending_.emplace_back(SchemaPlace{&root_, "#"}, rule);
  for (size_t i = 0; i < pending_.size(); ++i) {
    const auto [place, target] = pending_[i];
    STERNA_ASSIGN_OR_RETURN(const ExpressionId body, IsJoined(*place.node) ? AllOf(place) : Schema(place));
    syntax_.Define(target, body);
  }
  return rule;
}

Result<ExpressionId> SchemaCompiler::Schema(const SchemaPlace& schema) {
  if (schema.node == nullptr) return grammar_.Call("value");
  if (schema.node->is(JsonNode::Kind::kBool)) {
    return schema.node->boolean ? grammar_.Call("value") : syntax_.Character({});
  }
  if (!schema.node->is(JsonNode::Kind::kObject)) return schema.Wrong("a schema should stand here; write an object");
  if (syntax_.size() > kMaxStates) return schema.Wrong("the schema is too large; use a smaller one");
  STERNA_RETURN_IF_ERROR(CheckKeywords(schema));
  for (const char* const keyword : {"enum", "const"}) {
    if (schema.node->Find(keyword) != nullptr) return Constants(schema, keyword);
  }
  if (IsJoined(*schema.node)) return RuleOf(schema);
  if (schema.node->Find("$ref") != nullptr) {
    STERNA_ASSIGN_OR_RETURN(const SchemaPlace target, Resolve(schema));
    return RuleOf(target);
  }
  for (const char* const keyword : {"anyOf", "oneOf"}) {
    if (schema.node->Find(keyword) != nullptr) return Choices(schema, keyword);
  }
  STERNA_ASSIGN_OR_RETURN(TypeSet types, TypesAt(schema));
  if (types == kAnyType) types = ImpliedTypes(*schema.node);
  return Value(schema, types);
}

Result<ExpressionId> SchemaCompiler::Value(const SchemaPlace& schema, TypeSet types) {
  if (types == kAnyType) return grammar_.Call("value");
  std::vector<ExpressionId> choices;
  for (const TypeSet type :
       {kNullType, kBooleanType, kIntegerType, kNumberType, kStringType, kArrayType, kObjectType}) {
    if ((types & type) == 0) continue;
    STERNA_ASSIGN_OR_RETURN(const ExpressionId choice, ValueOfType(schema, type));
    choices.push_back(choice);
  }
  return syntax_.Alternatives(std::move(choices));
}

Result<ExpressionId> SchemaCompiler::ValueOfType(const SchemaPlace& schema, TypeSet type) {
  switch (type) {
    case kNullType: return grammar_.Call("null");
    case kBooleanType: return grammar_.Call("boolean");
    case kIntegerType: return NumberExpression(schema, /*whole=*/true, grammar_);
    case kNumberType: return NumberExpression(schema, /*whole=*/false, grammar_);
    case kStringType: return StringExpression(schema, grammar_);
    case kArrayType: return Array(schema);
    default: return Object(schema);
  }
}

ExpressionId SchemaCompiler::RuleOf(const SchemaPlace& target) {
  const auto [entry, added] = references_.try_emplace(target.node, RuleId(syntax_.rules().size()));
  if (added) {
    syntax_.AddRule(target.pointer, target.pointer);
    pending_.emplace_back(target, entry->second);
  }
  return syntax_.Call(entry->second);
}

Result<SchemaPlace> SchemaCompiler::Resolve(const SchemaPlace& schema) const {
  const SchemaPlace place = schema.Member("$ref");
  if (!place.node->is(JsonNode::Kind::kText) || !place.node->text.starts_with('#')) {
    return place.Wrong("only references inside of the schema are supported; write #/$defs/NAME");
  }
  SchemaPlace target{&root_, "#"};
  std::string_view rest = std::string_view(place.node->text).substr(1);
  if (!rest.empty() && rest.front() != '/') return place.Wrong("anchors are not supported; write #/$defs/NAME");
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string key = Unescaped(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(rest.size(), rest.find('/')));
    size_t index = 0;
    const auto number = std::from_chars(key.data(), key.data() + key.size(), index);
    const bool is_index = number.ec == std::errc() && number.ptr == key.data() + key.size();
    if (target.node->is(JsonNode::Kind::kArray) && is_index && index < target.node->items.size()) {
      target = target.Below(target.node->items[index], index);
    } else {
      target = target.Member(key);
    }
    if (target.node == nullptr) {
      return place.Wrong(fmt::format("there is nothing at {}; define it", QuotedJson(place.node->text)));
    }
  }
  return target;
}

Result<ExpressionId> SchemaCompiler::Constants(const SchemaPlace& schema, const char* keyword) {
  if (AsksOtherThan(*schema.node, {keyword, "type"})) {
    return schema.Wrong(fmt::format("{} beside other keywords is not supported; leave those out", keyword));
  }
  STERNA_ASSIGN_OR_RETURN(const TypeSet types, TypesAt(schema));
  const SchemaPlace place = schema.Member(keyword);
  const bool is_list = std::string_view(keyword) == "enum";
  if (is_list && !place.node->is(JsonNode::Kind::kArray)) return place.Wrong("a list should stand here; write [...]");
  std::vector<ExpressionId> choices;
  const auto add = [&](const JsonNode& value) {
    if (Fits(TypeOf(value), types)) choices.push_back(syntax_.Text(value.ToJson()));
  };
  if (is_list) {
    for (const JsonNode& value : place.node->items) add(value);
  } else {
    add(*place.node);
  }
  if (choices.empty()) return place.Wrong("no value here has the type that is asked for; add one");
  return syntax_.Alternatives(std::move(choices));
}

// A branch without a type has that of the schema around it.
Result<ExpressionId> SchemaCompiler::Choices(const SchemaPlace& schema, const char* keyword) {
  if (AsksOtherThan(*schema.node, {keyword, "type"})) {
    return schema.Wrong(
        fmt::format("{} beside other keywords is not supported; write them into its branches", keyword));
  }
  const SchemaPlace place = schema.Member(keyword);
  if (!place.node->is(JsonNode::Kind::kArray) || place.node->items.empty()) {
    return place.Wrong("a list of schemas should stand here; write [...]");
  }
  STERNA_ASSIGN_OR_RETURN(const TypeSet types, TypesAt(schema));
  std::vector<SchemaPlace> branches;
  for (size_t i = 0; i < place.node->items.size(); ++i) branches.push_back(place.Below(place.node->items[i], i));
  if (std::string_view(keyword) == "oneOf") STERNA_RETURN_IF_ERROR(CheckBranchesDiffer(branches, root_));
  std::vector<ExpressionId> choices;
  for (const SchemaPlace& branch : branches) {
    if (types != kAnyType) STERNA_RETURN_IF_ERROR(CheckTypesInside(branch, types));
    STERNA_ASSIGN_OR_RETURN(const ExpressionId choice, Schema(branch));
    choices.push_back(choice);
  }
  return syntax_.Alternatives(std::move(choices));
}

// The schemas that must all hold, with what references and further allOf lead to.
Status SchemaCompiler::CollectParts(const SchemaPlace& schema, size_t depth, Parts& parts) const {
  const auto [met, added] = parts.done.try_emplace(schema.node, false);
  if (!added && met->second) return {};
  if (!added || depth > kMaxNesting) return schema.Wrong("allOf has no end; leave out the reference back");
  if (schema.node->is(JsonNode::Kind::kObject)) {
    STERNA_RETURN_IF_ERROR(CheckKeywords(schema));
    const SchemaPlace all = schema.Member("allOf");
    if (all.node != nullptr && !all.node->is(JsonNode::Kind::kArray))
      return all.Wrong("a list should stand here; write [...]");
    for (size_t i = 0; all.node != nullptr && i < all.node->items.size(); ++i) {
      STERNA_RETURN_IF_ERROR(CollectParts(all.Below(all.node->items[i], i), depth + 1, parts));
    }
    if (schema.node->Find("$ref") != nullptr) {
      STERNA_ASSIGN_OR_RETURN(const SchemaPlace target, Resolve(schema));
      STERNA_RETURN_IF_ERROR(CollectParts(target, depth + 1, parts));
    }
  }
  parts.done[schema.node] = true;
  const bool asks = !schema.node->is(JsonNode::Kind::kObject) || AsksOtherThan(*schema.node, {"allOf", "$ref"});
  if (asks) parts.all.push_back(schema);
  return {};
}

Result<ExpressionId> SchemaCompiler::AllOf(const SchemaPlace& schema) {
  Parts collected;
  STERNA_RETURN_IF_ERROR(CollectParts(schema, 0, collected));
  const std::vector<SchemaPlace>& parts = collected.all;
  if (parts.empty()) return grammar_.Call("value");
  if (parts.size() == 1 && parts.front().node != schema.node) return RuleOf(parts.front());
  ObjectShape shape;
  for (const SchemaPlace& part : parts) {
    const bool is_object = part.node->is(JsonNode::Kind::kObject) &&
                           !AsksOtherThan(*part.node, {"type", "properties", "required", "allOf", "$ref"});
    TypeSet types = kObjectType;
    if (is_object) {
      STERNA_ASSIGN_OR_RETURN(types, TypesAt(part));
    }
    if (!is_object || !Fits(kObjectType, types)) {
      return part.Wrong(
          "several schemas that must all hold are supported for objects with properties and required only; join them");
    }
    STERNA_RETURN_IF_ERROR(AddToShape(part, shape));
  }
  for (const SchemaPlace& part : parts) STERNA_RETURN_IF_ERROR(AddRequired(part, shape));
  return ObjectOfShape(shape);
}

Result<Syntax> ParseJsonSchema(std::string_view text) try {
  STERNA_ASSIGN_OR_RETURN(const JsonNode root, ParseJsonTree(text, "schema"));
  STERNA_ASSIGN_OR_RETURN(SchemaGrammar grammar, SchemaGrammar::Create());
  STERNA_ASSIGN_OR_RETURN(grammar.syntax.root, SchemaCompiler(root, grammar).Compile());
  return std::move(grammar.syntax);
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted("schema: not enough memory to compile it");
}

Result<Syntax> JsonObjectSyntax() {
  STERNA_ASSIGN_OR_RETURN(SchemaGrammar grammar, SchemaGrammar::Create());
  grammar.syntax.root = grammar.rules.at("object");
  return std::move(grammar.syntax);
}

}  // namespace sterna::grammar
