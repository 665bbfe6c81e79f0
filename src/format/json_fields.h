// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::format {

// The fields of an object of a JSON file, with their types checked: a wrong one is Corrupt and names the file and the
// key. null counts as absent. The object must outlive this.
class JsonFields {
 public:
  // `place`: the file, and within it the object: "config.json".
  JsonFields(const nlohmann::json& object, std::string place) : object_(object), place_(std::move(place)) {}

  // nullptr when absent or null, or where the object is none.
  const nlohmann::json* Find(std::string_view key) const;

  Result<std::optional<uint64_t>> Unsigned(std::string_view key, uint64_t most) const;
  Result<std::optional<double>> Number(std::string_view key) const;
  Result<std::optional<bool>> Bool(std::string_view key) const;
  Result<std::optional<std::string>> Text(std::string_view key) const;
  // The fields of an object inside; of one that is absent none.
  Result<JsonFields> Object(std::string_view key) const;

  // Corrupt: `key` `what`.
  Status Wrong(std::string_view key, std::string_view what) const;
  Status Unsupported(std::string_view key, std::string_view what) const;

 private:
  std::string Where(std::string_view key) const;
  const nlohmann::json& object_;
  std::string place_;
};

}  // namespace sterna::format
