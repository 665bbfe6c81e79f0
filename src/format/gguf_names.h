// SPDX-License-Identifier: Apache-2.0
//
// Names out of a file: which are accepted, and how messages show them.
#pragma once

#include <string>
#include <string_view>

namespace sterna::format {

// Well-formed UTF-8 without control characters (so without NUL and newline).
bool IsPlainName(std::string_view name);

// 'name' for a message: one line whatever the bytes are (control characters and malformed UTF-8 as \xNN), cut after 80
// bytes.
std::string Quoted(std::string_view name);

}  // namespace sterna::format
