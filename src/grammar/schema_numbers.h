// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "grammar/schema_context.h"

namespace sterna::grammar {

// Numbers between minimum and maximum: for `whole` integers of any bounds, else any numbers with whole bounds.
Result<ExpressionId> NumberExpression(const SchemaPlace& schema, bool whole, SchemaGrammar& grammar);

}  // namespace sterna::grammar
