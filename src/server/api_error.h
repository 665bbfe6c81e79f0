// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "server/http_types.h"
#include "sterna/status.h"

namespace sterna::server {

// {"error":{"code":400,"message":"...","type":"invalid_request_error","param":null}}, as OpenAI's clients and those of
// llama-server read it.
std::string ErrorJson(int status, std::string_view message);
HttpReply ErrorReply(int status, std::string_view message);

// What a Status is over HTTP: 400 where the request is wrong, 429 where the queue is full, 503 where the engine ends or
// memory is short, 500 else.
int HttpStatusOf(const Status& status);
HttpReply ErrorReply(const Status& status);

// A prompt and its answer do not fit the context.
HttpReply ContextErrorReply(size_t prompt_tokens, uint32_t context_tokens);

}  // namespace sterna::server
