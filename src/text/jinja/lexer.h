// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::text::jinja {

enum class TokenType : uint8_t {
  kData,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd
};

struct Token {
  TokenType type = TokenType::kEnd;
  uint32_t line = 1;
  std::string_view text;  // of a string: what stands between its quotes
};

// Line ends of every kind become "\n", and one at the very end goes away. Corrupt for bytes that are not UTF-8.
Result<std::string> NormalizeSource(std::string_view source);

// The tokens of a normalized source, which must outlive them; the last one is kEnd. Text loses what `-` marks take off,
// the line break behind a block or comment, and white space before one that stands first on its line (trim_blocks and
// lstrip_blocks, which Hugging Face sets).
Result<std::vector<Token>> Tokenize(std::string_view source);

Status SyntaxError(uint32_t line, std::string_view what);

}  // namespace sterna::text::jinja
