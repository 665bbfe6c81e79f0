// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "grammar/constraint.h"
#include "server/api_context.h"
#include "server/json_fields.h"
#include "server/tools.h"

namespace sterna::server {

// What a body wants its answer to look like: OpenAI's response_format (json_object, json_schema), or llama-server's
// grammar and json_schema; null: anything. InvalidArgument or Unsupported say what of a schema or grammar is wrong, and
// where, or which limit it exceeds; so does more than one of them.
Result<std::shared_ptr<const grammar::Constraint>> ReadConstraint(const Json& body, const ApiContext& context);

// The same for an answer that may call functions.
Result<std::shared_ptr<const grammar::Constraint>> ToolConstraint(const ToolUse& tools, const ApiContext& context);

}  // namespace sterna::server
