// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "server/api_context.h"
#include "server/json_fields.h"
#include "server/tools.h"
#include "text/chat_template.h"

namespace sterna::server {

// The text that a model is given for the `messages` of a body and the tools that are offered: these as the variable
// `tools` of a template that shows it, else in the system message, in words of Sterna's own.
Result<std::vector<text::TextPiece>> RenderChat(const Json& body, const ToolUse& tools,
                                                const text::ChatTemplate& chat_template);

}  // namespace sterna::server
