// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "grammar/schema_context.h"

namespace sterna::grammar {

// One of these characters as it stands inside of a JSON string.
ExpressionId JsonCharacter(const std::vector<CodePointRange>& ranges, Syntax& syntax);

// A JSON string, with its quotes, under minLength and maxLength, pattern, or format.
Result<ExpressionId> StringExpression(const SchemaPlace& schema, SchemaGrammar& grammar);

// A key, with its quotes, that is none of `names`. Escapes are not written, so that none is spelled otherwise.
ExpressionId OtherKey(std::span<const std::string> names, SchemaGrammar& grammar);

}  // namespace sterna::grammar
