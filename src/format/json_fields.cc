// SPDX-License-Identifier: Apache-2.0
#include "format/json_fields.h"

#include <fmt/format.h>

#include <cmath>

#include "format/gguf_names.h"

namespace sterna::format {

const nlohmann::json* JsonFields::Find(std::string_view key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string JsonFields::Where(std::string_view key) const { return fmt::format("{}: {}", place_, Quoted(key)); }

Status JsonFields::Wrong(std::string_view key, std::string_view what) const {
  return Status::Corrupt(fmt::format("{} {}", Where(key), what));
}

Status JsonFields::Unsupported(std::string_view key, std::string_view what) const {
  return Status::Unsupported(fmt::format("{} {}", Where(key), what));
}

Result<std::optional<uint64_t>> JsonFields::Unsigned(std::string_view key, uint64_t most) const {
  const nlohmann::json* const value = Find(key);
  if (value == nullptr) return std::optional<uint64_t>();
  if (!value->is_number_unsigned()) return Wrong(key, "must be a whole number from 0");
  const auto number = value->get<uint64_t>();
  if (number > most) return Wrong(key, fmt::format("is {}; at most {} is possible", number, most));
  return std::optional(number);
}

Result<std::optional<double>> JsonFields::Number(std::string_view key) const {
  const nlohmann::json* const value = Find(key);
  if (value == nullptr) return std::optional<double>();
  if (!value->is_number()) return Wrong(key, "must be a number");
  return std::optional(value->get<double>());
}

Result<std::optional<bool>> JsonFields::Bool(std::string_view key) const {
  const nlohmann::json* const value = Find(key);
  if (value == nullptr) return std::optional<bool>();
  if (!value->is_boolean()) return Wrong(key, "must be true or false");
  return std::optional(value->get<bool>());
}

Result<std::optional<std::string>> JsonFields::Text(std::string_view key) const {
  const nlohmann::json* const value = Find(key);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return Wrong(key, "must be a text");
  return std::optional(value->get<std::string>());
}

Result<JsonFields> JsonFields::Object(std::string_view key) const {
  static const nlohmann::json kNone = nlohmann::json::object();
  const nlohmann::json* const value = Find(key);
  if (value != nullptr && !value->is_object()) return Wrong(key, "must be an object");
  return JsonFields(value != nullptr ? *value : kNone, Where(key));
}

}  // namespace sterna::format
