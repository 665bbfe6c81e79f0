// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/resolve.h"

namespace sterna::config {

// Every `key = value` of a sterna.toml, in the order of its lines. NotFound; InvalidArgument with file and line.
Result<std::vector<Assignment>> ReadConfigFile(const std::string& path);

// The text of a file with `key` set to `value_text`: everything else, comments included, stays as it is.
// InvalidArgument when the text is no TOML, or the key or its value is wrong.
Result<std::string> WithValue(const std::string& text, std::string_view key, std::string_view value_text);
// Sets a key in a file, which is made (with its folder) where there is none. The file is replaced whole or not at all.
Status SetInFile(const std::string& path, std::string_view key, std::string_view value_text);

}  // namespace sterna::config
