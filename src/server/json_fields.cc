// SPDX-License-Identifier: Apache-2.0
#include "server/json_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "format/json_file.h"

namespace sterna::server {
namespace {

std::string Shown(const Json& value) {
  constexpr size_t kShownBytes = 40;
  std::string text = Dump(value);
  if (text.size() <= kShownBytes) return text;
  size_t cut = kShownBytes;
  while (cut > 0 && (uint8_t(text[cut]) & 0xC0) == 0x80) --cut;  // not inside a character
  return text.substr(0, cut) + "...";
}

}  // namespace

Result<Json> ParseObject(std::string_view body) {
  if (format::JsonNestingDepth(body) > format::kMaxJsonDepth) {
    return Status::InvalidArgument(fmt::format("the JSON is nested deeper than {} levels", format::kMaxJsonDepth));
  }
  try {
    Json json = Json::parse(body);
    if (json.is_object()) return json;
    return Status::InvalidArgument("the body must be a JSON object");
  } catch (const Json::exception& error) {
    return Status::InvalidArgument(fmt::format("the body is no JSON: {}", error.what()));
  }
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* FindField(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(name));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Status WrongField(std::string_view name, std::string_view expected) {
  return Status::InvalidArgument(fmt::format("'{}' must be {}", name, expected));
}

Result<std::optional<bool>> BoolField(const Json& object, std::string_view name) {
  const Json* field = FindField(object, name);
  if (field == nullptr) return std::optional<bool>();
  if (!field->is_boolean()) return WrongField(name, "true or false");
  return std::optional<bool>(field->get<bool>());
}

Result<std::optional<double>> NumberField(const Json& object, std::string_view name, double low, double high) {
  const Json* field = FindField(object, name);
  if (field == nullptr) return std::optional<double>();
  const double value = field->is_number() ? field->get<double>() : std::nan("");
  if (value >= low && value <= high) return std::optional<double>(value);
  return WrongField(name, fmt::format("a number from {} to {}, not {}", low, high, Shown(*field)));
}

Result<std::optional<int64_t>> IntegerField(const Json& object, std::string_view name, int64_t low, int64_t high) {
  const Json* field = FindField(object, name);
  if (field == nullptr) return std::optional<int64_t>();
  const bool too_big = field->is_number_unsigned() && field->get<uint64_t>() > uint64_t(INT64_MAX);
  if (field->is_number_integer() && !too_big) {
    const int64_t value = field->get<int64_t>();
    if (value >= low && value <= high) return std::optional<int64_t>(value);
  }
  return WrongField(name, fmt::format("a whole number from {} to {}, not {}", low, high, Shown(*field)));
}

Result<std::optional<std::string>> TextField(const Json& object, std::string_view name) {
  const Json* field = FindField(object, name);
  if (field == nullptr) return std::optional<std::string>();
  if (!field->is_string()) return WrongField(name, "a string");
  return std::optional<std::string>(field->get<std::string>());
}

Result<int32_t> TokenIdOf(const Json& value, std::string_view name) {
  if (value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t(INT32_MAX)) return int32_t(value.get<uint64_t>());
  return WrongField(name, fmt::format("made of token ids, not {}", Shown(value)));
}

}  // namespace sterna::server
