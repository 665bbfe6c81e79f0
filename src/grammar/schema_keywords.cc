// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_keywords.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace sterna::grammar {
namespace {

constexpr std::pair<std::string_view, TypeSet> kTypes[] = {
    {"null", kNullType},     {"boolean", kBooleanType}, {"integer", kIntegerType}, {"number", kNumberType},
    {"string", kStringType}, {"array", kArrayType},     {"object", kObjectType}};

constexpr std::pair<std::string_view, TypeSet> kKeywords[] = {{"properties", kObjectType},
                                                              {"required", kObjectType},
                                                              {"additionalProperties", kObjectType},
                                                              {"items", kArrayType},
                                                              {"prefixItems", kArrayType},
                                                              {"minItems", kArrayType},
                                                              {"maxItems", kArrayType},
                                                              {"minLength", kStringType},
                                                              {"maxLength", kStringType},
                                                              {"pattern", kStringType},
                                                              {"format", kStringType},
                                                              {"minimum", kNumberType},
                                                              {"maximum", kNumberType},
                                                              {"exclusiveMinimum", kNumberType},
                                                              {"exclusiveMaximum", kNumberType},
                                                              {"type", kAnyType},
                                                              {"enum", kAnyType},
                                                              {"const", kAnyType},
                                                              {"anyOf", kAnyType},
                                                              {"oneOf", kAnyType},
                                                              {"allOf", kAnyType},
                                                              {"$ref", kAnyType}};

constexpr std::string_view kAnnotations[] = {"title",    "description", "default",  "examples", "deprecated",
                                             "readOnly", "writeOnly",   "$comment", "$schema",  "$id",
                                             "$defs",    "definitions", "strict"};

Result<TypeSet> TypeNamed(const SchemaPlace& place) {
  for (const auto& [name, type] : kTypes) {
    if (place.node->is(JsonNode::Kind::kText) && place.node->text == name) return type;
  }
  return place.Wrong(
      fmt::format("{} is no type; use null, boolean, integer, number, string, array or object", place.node->ToJson()));
}

}  // namespace

Result<TypeSet> TypesAt(const SchemaPlace& schema) {
  const SchemaPlace place = schema.Member("type");
  if (place.node == nullptr) return kAnyType;
  if (!place.node->is(JsonNode::Kind::kArray)) return TypeNamed(place);
  TypeSet types = 0;
  for (size_t i = 0; i < place.node->items.size(); ++i) {
    STERNA_ASSIGN_OR_RETURN(const TypeSet type, TypeNamed(place.Below(place.node->items[i], i)));
    types = TypeSet(types | type);
  }
  if (types == 0) return place.Wrong("the list of types is empty; name one");
  return (types & kNumberType) != 0 ? TypeSet(types & ~kIntegerType) : types;
}

TypeSet TypeOf(const JsonNode& value) {
  switch (value.kind) {
    case JsonNode::Kind::kNull: return kNullType;
    case JsonNode::Kind::kBool: return kBooleanType;
    case JsonNode::Kind::kInteger: return kIntegerType;
    case JsonNode::Kind::kReal: return kNumberType;
    case JsonNode::Kind::kText: return kStringType;
    case JsonNode::Kind::kArray: return kArrayType;
    case JsonNode::Kind::kObject: return kObjectType;
  }
  return 0;
}

bool Fits(TypeSet type, TypeSet types) {
  return (type & types) != 0 || (type == kIntegerType && (types & kNumberType) != 0);
}

TypeSet ImpliedTypes(const JsonNode& schema) {
  TypeSet types = 0;
  for (const auto& [keyword, type] : kKeywords) {
    if (type != kAnyType && schema.Find(keyword) != nullptr) types = TypeSet(types | type);
  }
  return types == 0 ? kAnyType : types;
}

bool IsAnnotation(std::string_view keyword) {
  return keyword.starts_with("x-") ||
         std::find(std::begin(kAnnotations), std::end(kAnnotations), keyword) != std::end(kAnnotations);
}

bool AsksOtherThan(const JsonNode& schema, std::initializer_list<std::string_view> known) {
  return std::any_of(schema.keys.begin(), schema.keys.end(), [&](const std::string& key) {
    return !IsAnnotation(key) && std::find(known.begin(), known.end(), key) == known.end();
  });
}

// `uniqueItems: false` asks nothing.
Status CheckKeywords(const SchemaPlace& schema) {
  for (size_t i = 0; i < schema.node->keys.size(); ++i) {
    const std::string& key = schema.node->keys[i];
    const auto is_key = [&](const auto& keyword) { return keyword.first == key; };
    if (IsAnnotation(key) || std::any_of(std::begin(kKeywords), std::end(kKeywords), is_key)) continue;
    const JsonNode& value = schema.node->items[i];
    if (key == "uniqueItems" && value.is(JsonNode::Kind::kBool) && !value.boolean) continue;
    return schema.Below(value, key).Wrong("this keyword is not supported; leave it out and check the answer for it");
  }
  return {};
}

}  // namespace sterna::grammar
