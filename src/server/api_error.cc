// SPDX-License-Identifier: Apache-2.0
#include "server/api_error.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "server/json_fields.h"

namespace sterna::server {
namespace {

std::string_view TypeOf(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 429:
    case 503: return "unavailable_error";
    default: return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

Json ErrorObject(int status, std::string_view message) {
  return {{"code", status}, {"message", message}, {"type", TypeOf(status)}, {"param", nullptr}};
}

}  // namespace

std::string ErrorJson(int status, std::string_view message) { return Dump({{"error", ErrorObject(status, message)}}); }

HttpReply ErrorReply(int status, std::string_view message) {
  HttpReply reply{.status = status, .body = ErrorJson(status, message), .headers = {}};
  if (status == 429 || status == 503) reply.headers.emplace_back("Retry-After", "1");
  if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

int HttpStatusOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kUnsupported: return 400;
    case StatusCode::kNotFound: return 404;
    case StatusCode::kUnavailable: return 429;
    case StatusCode::kResourceExhausted:
    case StatusCode::kCancelled: return 503;
    default: return 500;
  }
}

HttpReply ErrorReply(const Status& status) { return ErrorReply(HttpStatusOf(status), status.message()); }

HttpReply ContextErrorReply(size_t prompt_tokens, uint32_t context_tokens) {
  Json error = ErrorObject(400, fmt::format("the prompt has {} tokens and leaves no room for an answer in the context "
                                            "of {} tokens; shorten it",
                                            prompt_tokens, context_tokens));
  error["type"] = "exceed_context_size_error";
  error["n_prompt_tokens"] = prompt_tokens;
  error["n_ctx"] = context_tokens;
  return HttpReply{.status = 400, .body = Dump({{"error", std::move(error)}}), .headers = {}};
}

}  // namespace sterna::server
