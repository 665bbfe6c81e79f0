// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "grammar/syntax.h"
#include "sterna/status.h"

namespace sterna::grammar {

// A grammar in GBNF, llama.cpp's language: rules `name ::= ...` with "text", [classes], ., groups, |, *, +, ?, {m,n},
// comments and escapes. InvalidArgument with line and column for what is no such grammar, for rules that are missing or
// stand twice; ResourceExhausted over a limit of limits.h. The text must be UTF-8.
Result<Syntax> ParseGbnf(std::string_view text, std::string_view root = "root");

}  // namespace sterna::grammar
