// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api_context.h"
#include "server/json_fields.h"

namespace sterna::server {

// What needs the tokenizer alone, in llama-server's protocol: the body of the reply, or InvalidArgument.
Result<Json> Tokenize(const Json& body, const ApiContext& context);
Result<Json> Detokenize(const Json& body, const ApiContext& context);
Result<Json> ApplyTemplate(const Json& body, const ApiContext& context);

}  // namespace sterna::server
