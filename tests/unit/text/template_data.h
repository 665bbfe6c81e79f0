// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "text/jinja/template.h"

namespace sterna::text::jinja {

// JSON as a template's data; none of it trusted.
inline Data ToData(const nlohmann::ordered_json& json) {
  Data data;
  if (json.is_boolean()) data.value = json.get<bool>();
  if (json.is_number_integer()) data.value = json.get<int64_t>();
  if (json.is_number_float()) data.value = json.get<double>();
  if (json.is_string()) data.value = json.get<std::string>();
  if (json.is_array()) {
    Data::Array items;
    for (const auto& item : json) items.push_back(ToData(item));
    data.value = std::move(items);
  }
  if (json.is_object()) {
    Data::Object items;
    for (const auto& [key, item] : json.items()) items.push_back({key, ToData(item)});
    data.value = std::move(items);
  }
  return data;
}

inline Variables ToVariables(const nlohmann::ordered_json& json) {
  Variables variables;
  for (const auto& [name, value] : json.items()) variables.emplace_back(name, ToData(value));
  return variables;
}

}  // namespace sterna::text::jinja
