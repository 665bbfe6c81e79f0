// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "grammar/syntax.h"
#include "sterna/status.h"

namespace sterna::grammar {

// A grammar whose texts are JSON that satisfies a JSON Schema (of draft 2020-12 the part that
// docs/constrained-output.md lists). What is not supported is InvalidArgument with its JSON pointer, never ignored;
// ResourceExhausted over a limit of limits.h.
Result<Syntax> ParseJsonSchema(std::string_view text);

// Any JSON object.
Result<Syntax> JsonObjectSyntax();

}  // namespace sterna::grammar
