// SPDX-License-Identifier: Apache-2.0
//
// JSON that clients send: bounded in depth, and fields that say by name what is wrong with them. A field that is null
// counts as missing.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::server {

using Json = nlohmann::json;

// The object that a body holds. InvalidArgument for anything else, for invalid UTF-8, and for more than 64 levels.
Result<Json> ParseObject(std::string_view body);
// One line; what is no UTF-8 in it becomes U+FFFD.
std::string Dump(const Json& json);

const Json* FindField(const Json& object, std::string_view name);  // nullptr when missing or null
// InvalidArgument when a field is there and is no such value.
Result<std::optional<bool>> BoolField(const Json& object, std::string_view name);
Result<std::optional<double>> NumberField(const Json& object, std::string_view name, double low, double high);
Result<std::optional<int64_t>> IntegerField(const Json& object, std::string_view name, int64_t low, int64_t high);
Result<std::optional<std::string>> TextField(const Json& object, std::string_view name);
// "token ids must be ..." as InvalidArgument; bounds are the engine's to check.
Result<int32_t> TokenIdOf(const Json& value, std::string_view name);

Status WrongField(std::string_view name, std::string_view expected);

}  // namespace sterna::server
