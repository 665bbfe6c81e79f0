// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_branches.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/status_macros.h"

namespace sterna::grammar {
namespace {

constexpr size_t kMaxBranches = 256;  // each is compared with each
constexpr int kMaxDepth = 4;          // of properties inside of properties that are looked at
constexpr size_t kMaxWork = 1 << 20;  // keywords looked at, for all branches of one oneOf

// The schema that a plain reference into $defs leads to; other schemas are themselves.
const JsonNode& Followed(const JsonNode& schema, const JsonNode& root) {
  const JsonNode* const reference = schema.Find("$ref");
  if (reference == nullptr || AsksOtherThan(schema, {"$ref"})) return schema;
  for (const char* const key : {"$defs", "definitions"}) {
    const std::string prefix = fmt::format("#/{}/", key);
    const JsonNode* const definitions = root.Find(key);
    if (definitions == nullptr || !reference->text.starts_with(prefix)) continue;
    if (const JsonNode* const found = definitions->Find(reference->text.substr(prefix.size()))) return *found;
  }
  return schema;
}

// The values that the schema allows, where it lists them.
std::vector<const JsonNode*> Constants(const JsonNode& schema) {
  std::vector<const JsonNode*> values;
  if (const JsonNode* const value = schema.Find("const")) values.push_back(value);
  if (const JsonNode* const list = schema.Find("enum"); list != nullptr && values.empty()) {
    for (const JsonNode& value : list->items) values.push_back(&value);
  }
  return values;
}

TypeSet Types(const JsonNode& schema) {
  TypeSet types = 0;
  for (const JsonNode* const value : Constants(schema)) types = TypeSet(types | TypeOf(*value));
  if (types == 0) types = TypesAt({&schema, ""}).ok() ? *TypesAt({&schema, ""}) : kAnyType;
  if (types == kAnyType) types = ImpliedTypes(schema);
  // 1.0 is an integer too: all numbers are one kind here.
  return (types & (kIntegerType | kNumberType)) != 0 ? TypeSet(types | kIntegerType | kNumberType) : types;
}

bool Requires(const JsonNode& schema, const std::string& name) {
  const JsonNode* const required = schema.Find("required");
  return required != nullptr && std::any_of(required->items.begin(), required->items.end(),
                                            [&](const JsonNode& item) { return item.text == name; });
}

// Values of one type whose texts differ, differ, but for numbers, which can be written in several ways.
bool ConstantsDiffer(const JsonNode& one, const JsonNode& other) {
  const auto ours = Constants(one), theirs = Constants(other);
  if (ours.empty() || theirs.empty()) return false;
  std::unordered_set<std::string> texts;
  const auto simple = [](const JsonNode* value) {
    return (TypeOf(*value) & (kNullType | kBooleanType | kStringType | kIntegerType)) != 0;
  };
  for (const JsonNode* const value : ours) texts.insert(value->ToJson());
  return std::all_of(ours.begin(), ours.end(), simple) && std::all_of(theirs.begin(), theirs.end(), simple) &&
         std::none_of(theirs.begin(), theirs.end(), [&](auto value) { return texts.contains(value->ToJson()); });
}

// False also where `work` is used up: what is not shown to differ is refused.
bool Differ(const JsonNode& a, const JsonNode& b, const JsonNode& root, int depth, size_t& work) {
  const JsonNode &one = Followed(a, root), &other = Followed(b, root);
  if (!one.is(JsonNode::Kind::kObject) || !other.is(JsonNode::Kind::kObject)) return false;
  if ((Types(one) & Types(other)) == 0 || ConstantsDiffer(one, other)) return true;
  if (Types(one) != kObjectType || Types(other) != kObjectType || depth == kMaxDepth) return false;
  const JsonNode *const ours = one.Find("properties"), *const theirs = other.Find("properties");
  if (ours == nullptr || theirs == nullptr) return false;
  const JsonNode* const required = one.Find("required");
  const size_t step = 1 + (required == nullptr ? 0 : required->items.size());
  for (size_t i = 0; i < ours->keys.size() && work < kMaxWork; ++i) {
    work += step;
    const std::string& name = ours->keys[i];
    const JsonNode* const beside = theirs->Find(name);
    if (beside != nullptr && Requires(one, name) && Requires(other, name) &&
        Differ(ours->items[i], *beside, root, depth + 1, work)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Status CheckBranchesDiffer(std::span<const SchemaPlace> branches, const JsonNode& root) {
  if (branches.size() > kMaxBranches) {
    return branches[kMaxBranches].Wrong(fmt::format("oneOf has over {} branches; use fewer", kMaxBranches));
  }
  size_t work = 0;
  for (size_t i = 0; i < branches.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (Differ(*branches[j].node, *branches[i].node, root, 0, work)) continue;
      return branches[i].Wrong(
          fmt::format("a value may satisfy this branch of oneOf and branch {} too; use anyOf, or give both "
                      "a required property with different constants",
                      j));
    }
  }
  return {};
}

Status CheckTypesInside(const SchemaPlace& branch, TypeSet types) {
  TypeSet own = kAnyType;
  if (branch.node->is(JsonNode::Kind::kObject)) {
    STERNA_ASSIGN_OR_RETURN(own, TypesAt(branch));
    if (own == kAnyType && !Constants(*branch.node).empty()) own = Types(*branch.node);
    if (own == kAnyType) own = ImpliedTypes(*branch.node);
  }
  for (TypeSet type = 1; type < kAnyType; type = TypeSet(type * 2)) {
    if ((own & type) != 0 && !Fits(type, types)) {
      return branch.Wrong("the branch allows types that the schema around it does not; give the branch a type");
    }
  }
  return {};
}

}  // namespace sterna::grammar
