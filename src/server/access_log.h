// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "server/http_types.h"
#include "sterna/status.h"

namespace sterna::server {

// One JSON object a line for each request, in a file or on stdout. Thread-safe.
class AccessLog {
 public:
  // Adds to the file at `path`; "-" is stdout. Unavailable, with the system's reason, when it cannot be written.
  static Result<std::unique_ptr<AccessLog>> Open(std::string path);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // The file by its name anew: what took it away (log rotation) gets no more. An error leaves the old one open.
  Status Reopen();
  // A line and its end, as one write. What cannot be written is told once, on the log of the program.
  void Write(const std::string& line);

 private:
  AccessLog(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  const std::string path_;
  std::mutex mutex_;
  int descriptor_;  // guarded by mutex_, as is the next
  bool failure_told_ = false;
};

// The request's responder, which has a line written once the reply ended or its client went away.
std::shared_ptr<Responder> LoggedResponder(const HttpRequest& request, std::shared_ptr<Responder> responder,
                                           AccessLog& log);
// The line of a request that was refused before its body came.
void LogRefusal(const HttpRequest& head, const HttpReply& reply, AccessLog& log);

// The 32 digits of a W3C traceparent header's trace; empty when it is none.
std::string_view TraceOf(std::string_view traceparent);

}  // namespace sterna::server
