// SPDX-License-Identifier: Apache-2.0
//
// What the transport (connections, bytes) and the API (JSON, the engine) say to each other. No library's types here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sterna::server {

struct HttpRequest {
  std::string method;  // "GET"
  std::string path;    // without the query, not decoded
  std::string body;    // empty while only the head is known
  std::string peer;    // the address without the port; "local" for a Unix socket; empty for a router's own question
  // Headers, empty where they are missing.
  std::string authorization, api_key, content_type, host, origin, request_id, traceparent, if_none_match;
};

struct HttpReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beside length, type and connection
};

// What one answer took, for who writes it down.
struct AnswerNote {
  double queue_ms = 0, first_token_ms = 0;
  uint64_t prompt_tokens = 0;  // computed; those that earlier requests had computed are not among them
  uint64_t cached_tokens = 0, completion_tokens = 0;
  std::string_view finish;  // "stop", "length"
};

// Where the reply to one request goes: either Send, or Begin, any number of Write, and End. Any thread; nothing blocks.
// What comes after the client went away is dropped.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void Send(HttpReply reply) = 0;
  virtual void Begin(HttpReply head) = 0;  // its body is not used
  virtual void Write(std::string bytes) = 0;
  virtual void End() = 0;
  // The client closed the connection, or reads so slowly that it was given up.
  virtual bool gone() const = 0;
  // Each answer that ended, before the reply does.
  virtual void Note(const AnswerNote&) {}
};

struct HttpHandler {
  // Looks at a request whose body is still to come; a reply refuses it unread.
  std::function<std::optional<HttpReply>(const HttpRequest& head)> on_head;
  std::function<void(const HttpRequest& request, const std::shared_ptr<Responder>& responder)> on_request;
  // The reply to what is no HTTP or over a limit.
  std::function<HttpReply(int status, const std::string& message)> on_error;
};

}  // namespace sterna::server
