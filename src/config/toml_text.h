// SPDX-License-Identifier: Apache-2.0
//
// TOML as far as settings need it; the only code that knows the library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::config {

// One `name = value` of a file: the value as text (texts without their quotes, lists as TOML writes them).
struct TomlEntry {
  std::string table;  // "engine"; empty before the first table
  std::string name;
  std::string text;
  uint32_t line = 0, last_line = 0;  // from 1; of the value
};

// InvalidArgument with the line when it is no TOML, or holds what no setting can be (tables in tables, dates).
Result<std::vector<TomlEntry>> ReadToml(std::string_view text);
// The line of the header [table]; 0 when there is none.
Result<uint32_t> FindTomlTable(std::string_view text, std::string_view table);

// ["a", "b"]
Result<std::vector<std::string>> ReadTomlTexts(std::string_view list);
std::string WriteTomlTexts(const std::vector<std::string>& texts);
// A value as TOML writes it: numbers, true, false and lists as they are, other texts in quotes.
std::string WriteTomlValue(const std::string& text, bool is_list);

}  // namespace sterna::config
