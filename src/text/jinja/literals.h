// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sterna/status.h"
#include "text/jinja/lexer.h"
#include "text/jinja/value.h"

namespace sterna::text::jinja {

// What stands between the quotes of a string, with Python's escapes resolved.
Result<std::string> UnescapeLiteral(std::string_view text, uint32_t line);

Result<Value> NumberLiteral(const Token& token);

}  // namespace sterna::text::jinja
