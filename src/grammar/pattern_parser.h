// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "grammar/schema_context.h"

namespace sterna::grammar {

// What a `pattern` allows between a string's quotes: regular expressions of ECMA-262 with classes, groups,
// alternatives, repetitions, and anchors at the ends. Without an anchor any text may stand there. InvalidArgument
// naming the place in the pattern for what is wrong or not supported (look-around, references, word boundaries, \p).
Result<ExpressionId> PatternExpression(const SchemaPlace& place, SchemaGrammar& grammar);

}  // namespace sterna::grammar
