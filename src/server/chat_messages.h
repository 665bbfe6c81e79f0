// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "server/api_context.h"
#include "server/json_fields.h"
#include "text/chat_template.h"

namespace sterna::server {

// The `messages` of a body: at least one; contents are texts, or lists of parts of type text. Calls of functions become
// text as models write them (tool_call_format.h), and so do their results, in the user's turn.
Result<std::vector<text::ChatMessage>> ReadMessages(const Json& body);

// The model's chat template. Unsupported where it has none.
Result<const text::ChatTemplate*> TemplateOf(const ApiContext& context);

}  // namespace sterna::server
