// SPDX-License-Identifier: Apache-2.0
//
// Objects and arrays.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "grammar/limits.h"
#include "grammar/schema_compiler.h"
#include "grammar/schema_strings.h"

namespace sterna::grammar {
namespace {

constexpr size_t kMaxNameBytes = 1000;  // of a property

}  // namespace

Result<ExpressionId> SchemaCompiler::Object(const SchemaPlace& schema) {
  ObjectShape shape;
  STERNA_RETURN_IF_ERROR(AddToShape(schema, shape));
  const SchemaPlace others = schema.Member("additionalProperties");
  const bool is_false = others.node != nullptr && others.node->is(JsonNode::Kind::kBool) && !others.node->boolean;
  // An object of which nothing is said is any object; one with properties has these, unless it says more.
  shape.open = others.node != nullptr ? !is_false : schema.node->Find("properties") == nullptr;
  shape.others = others;
  STERNA_RETURN_IF_ERROR(AddRequired(schema, shape));
  return ObjectOfShape(shape);
}

Status SchemaCompiler::AddToShape(const SchemaPlace& schema, ObjectShape& shape) const {
  const SchemaPlace properties = schema.Member("properties");
  if (properties.node == nullptr) return {};
  if (!properties.node->is(JsonNode::Kind::kObject))
    return properties.Wrong("an object should stand here; write {...}");
  for (size_t i = 0; i < properties.node->keys.size(); ++i) {
    const std::string& name = properties.node->keys[i];
    const SchemaPlace place = properties.Below(properties.node->items[i], name);
    if (name.size() > kMaxNameBytes) {
      return properties.Wrong(
          fmt::format("a name has over {} bytes, which is the limit; use a shorter one", kMaxNameBytes));
    }
    const auto [entry, added] = shape.index.try_emplace(name, shape.properties.size());
    if (!added && shape.properties[entry->second].schema.node->ToJson() != place.node->ToJson()) {
      return place.Wrong("two schemas that must both hold say different things of this property; join them");
    }
    if (added) shape.properties.push_back({name, place});
  }
  return {};
}

Status SchemaCompiler::AddRequired(const SchemaPlace& schema, ObjectShape& shape) const {
  const SchemaPlace required = schema.Member("required");
  if (required.node == nullptr) return {};
  if (!required.node->is(JsonNode::Kind::kArray))
    return required.Wrong("a list of names should stand here; write [...]");
  for (size_t i = 0; i < required.node->items.size(); ++i) {
    const SchemaPlace name = required.Below(required.node->items[i], i);
    if (!name.node->is(JsonNode::Kind::kText)) return name.Wrong("a name should stand here; write it in quotes");
    if (name.node->text.size() > kMaxNameBytes) return name.Wrong("the name is too long; use a shorter one");
    const auto [entry, added] = shape.index.try_emplace(name.node->text, shape.properties.size());
    if (added && !shape.open) return name.Wrong("there is no such property; add it to properties");
    if (added) shape.properties.push_back({name.node->text, shape.others});
    shape.properties[entry->second].required = true;
  }
  return {};
}

// Two chains of rules, from the last property to the first: the members from the i-th on when none was written yet, and
// when some was. Their calls are all last ones, so the chains have no depth.
Result<ExpressionId> SchemaCompiler::ObjectOfShape(const ObjectShape& shape) {
  const ExpressionId comma = syntax_.Text(",");
  ExpressionId first = syntax_.Text(""), later = syntax_.Text("");
  if (shape.open) {
    std::vector<std::string> names;
    for (const Property& property : shape.properties) names.push_back(property.name);
    STERNA_ASSIGN_OR_RETURN(const ExpressionId value, Schema(shape.others));
    const ExpressionId other = syntax_.Sequence({OtherKey(names, grammar_), syntax_.Text(":"), Blank(), value});
    later = syntax_.Repeat(syntax_.Sequence({comma, Blank(), other}), 0);
    first = syntax_.Optional(syntax_.Sequence({other, later}));
  }
  for (size_t i = shape.properties.size(); i-- > 0;) {
    const Property& property = shape.properties[i];
    STERNA_ASSIGN_OR_RETURN(const ExpressionId value, Schema(property.schema));
    const ExpressionId member = syntax_.Sequence({syntax_.Text(QuotedJson(property.name) + ":"), Blank(), value});
    const auto rule = [&](ExpressionId body) {
      const RuleId id = syntax_.AddRule("members", property.schema.pointer);
      syntax_.Define(id, body);
      return syntax_.Call(id);
    };
    const ExpressionId with_comma = syntax_.Sequence({comma, Blank(), member, later});
    const ExpressionId without = syntax_.Sequence({member, later});
    later = rule(property.required ? with_comma : syntax_.Alternatives({with_comma, later}));
    first = rule(property.required ? without : syntax_.Alternatives({without, first}));
  }
  return syntax_.Sequence({syntax_.Text("{"), Blank(), first, Blank(), syntax_.Text("}")});
}

Result<ExpressionId> SchemaCompiler::Array(const SchemaPlace& schema) {
  STERNA_ASSIGN_OR_RETURN(const uint32_t min, CountAt(schema, "minItems", 0));
  STERNA_ASSIGN_OR_RETURN(uint32_t max, CountAt(schema, "maxItems", Expression::kUnbounded));
  const SchemaPlace prefix = schema.Member("prefixItems"), items = schema.Member("items");
  std::vector<ExpressionId> first;
  if (prefix.node != nullptr && !prefix.node->is(JsonNode::Kind::kArray)) {
    return prefix.Wrong("a list of schemas should stand here; write [...]");
  }
  for (size_t i = 0; prefix.node != nullptr && i < prefix.node->items.size(); ++i) {
    STERNA_ASSIGN_OR_RETURN(const ExpressionId item, Schema(prefix.Below(prefix.node->items[i], i)));
    first.push_back(item);
  }
  if (first.size() > kMaxNesting) {
    return prefix.Wrong(fmt::format("over {} schemas are not supported; use fewer", kMaxNesting));
  }
  // A list with its first items told has no others, unless it says so or must have more.
  const bool is_false = items.node != nullptr && items.node->is(JsonNode::Kind::kBool) && !items.node->boolean;
  const bool open = !is_false && (items.node != nullptr || prefix.node == nullptr || min > first.size());
  if (!open) max = std::min(max, uint32_t(first.size()));
  if (max < min) return schema.Wrong("the array must have more items than it may have; mend minItems or maxItems");
  ExpressionId rest = 0;
  if (open) {
    STERNA_ASSIGN_OR_RETURN(rest, Schema(items));
  }
  return List(first, min, max, open ? &rest : nullptr);
}

// From the last item to the first: what may follow when i items are written.
Result<ExpressionId> SchemaCompiler::List(const std::vector<ExpressionId>& first, uint32_t min, uint32_t max,
                                          const ExpressionId* rest) {
  const ExpressionId comma = syntax_.Sequence({syntax_.Text(","), Blank()});
  const auto known = uint32_t(std::min<size_t>(first.size(), max));
  ExpressionId behind = syntax_.Text("");
  if (rest != nullptr && max > known) {
    const bool alone = known == 0;  // the first item has no comma
    const uint32_t least = min > known ? min - known : 0;
    const uint32_t most = max == Expression::kUnbounded ? max : max - known;
    const ExpressionId item = syntax_.Sequence({comma, *rest});
    behind = alone ? syntax_.Sequence({*rest, syntax_.Repeat(item, least > 0 ? least - 1 : 0,
                                                             most == Expression::kUnbounded ? most : most - 1)})
                   : syntax_.Repeat(item, least, most);
    if (alone && least == 0) behind = syntax_.Optional(behind);
  }
  for (uint32_t i = known; i-- > 0;) {
    behind = i == 0 ? syntax_.Sequence({first[i], behind}) : syntax_.Sequence({comma, first[i], behind});
    if (min <= i) behind = syntax_.Optional(behind);
  }
  return syntax_.Sequence({syntax_.Text("["), Blank(), behind, Blank(), syntax_.Text("]")});
}

}  // namespace sterna::grammar
