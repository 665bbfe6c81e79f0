// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/status_macros.h"
#include "config/fields.h"
#include "config/nearest_name.h"
#include "config/value_text.h"

namespace sterna::config {
namespace {

template <class Struct, class Value>
Key MakeKey(const char* struct_name, Struct Config::*outer, const Field& field, Value Struct::*inner) {
  Key key;
  key.name = fmt::format("{}.{}", struct_name, field.name);
  key.effect = field.effect;
  key.values = DescribeValues<Value>(field);
  key.words = WordsOf<Value>();
  key.gpu_only = field.gpu_only;
  key.is_list = kIsList<Value>;
  key.set = [name = key.name, field, outer, inner](Config& config, std::string_view text) -> Status {
    STERNA_ASSIGN_OR_RETURN(Value value, ValueFromText<Value>(name, field, text));
    (config.*outer).*inner = std::move(value);
    return {};
  };
  key.get = [field, outer, inner](const Config& config) { return ValueToText(field, (config.*outer).*inner); };
  key.check = [set = key.set, get = key.get](const Config& config) {
    Config copy;
    return set(copy, get(config));  // a value is allowed where its text is
  };
  key.default_text = key.get(Config());
  return key;
}

std::vector<Key> MakeKeys() {
  std::vector<Key> keys;
  VisitStructs([&]<class Struct>(const char* name, Struct Config::*outer) {
    VisitFields(std::type_identity<Struct>(),
                [&](const Field& field, auto inner) { keys.push_back(MakeKey(name, outer, field, inner)); });
  });
  return keys;
}

}  // namespace

std::span<const Key> AllKeys() {
  static const std::vector<Key> keys = MakeKeys();
  return keys;
}

Result<const Key*> FindKey(std::string_view name) {
  const std::span<const Key> keys = AllKeys();
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == name; });
  if (key != keys.end()) return &*key;
  std::vector<std::string> names;
  for (const Key& known : keys) names.push_back(known.name);
  return Status::InvalidArgument(
      fmt::format("unknown setting '{}'; the nearest is {}", name.substr(0, 64), NearestName(name, names)));
}

Status Validate(const Config& config) {
  for (const Key& key : AllKeys()) STERNA_RETURN_IF_ERROR(key.check(config));
  return {};
}

}  // namespace sterna::config
