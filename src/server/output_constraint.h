// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "grammar/constraint.h"
#include "server/api_context.h"
#include "server/json_fields.h"

namespace sterna::server {

// What a body wants its answer to look like: OpenAI's response_format (json_object, json_schema), or llama-server's
// grammar and json_schema; null: anything. InvalidArgument or Unsupported say what of a schema or grammar is wrong, and
// where; so does more than one of them.
Result<std::shared_ptr<const grammar::Constraint>> ReadConstraint(const Json& body, const ApiContext& context);

// A grammar to the constraint of an answer. InvalidArgument where it exceeds a limit, too: it is a client's.
Result<std::shared_ptr<const grammar::Constraint>> MakeConstraint(const Result<grammar::Syntax>& syntax,
                                                                  const ApiContext& context);

}  // namespace sterna::server
