// SPDX-License-Identifier: Apache-2.0
#include "server/access_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/status_macros.h"
#include "server/json_fields.h"

namespace sterna::server {
namespace {

using Clock = std::chrono::steady_clock;

Result<int> OpenForAppend(const std::string& path) {
  const int descriptor =
      path == "-" ? dup(STDOUT_FILENO) : open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (descriptor >= 0) return descriptor;
  return Status::Unavailable(fmt::format(
      "the access log '{}' cannot be written: {}; give another file, or - for stdout", path, std::strerror(errno)));
}

std::string Now() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

std::string_view HeaderOf(const HttpReply& reply, std::string_view name) {
  const auto found = std::find_if(reply.headers.begin(), reply.headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == reply.headers.end() ? std::string_view() : found->second;
}

double Rounded(double ms) { return double(int64_t(ms * 1000)) / 1000; }

Json LineOf(const HttpRequest& request, const HttpReply& head) {
  Json line = {{"time", Now()},        {"id", HeaderOf(head, "X-Request-Id")},
               {"peer", request.peer}, {"method", request.method},
               {"path", request.path}, {"status", head.status}};
  if (const std::string_view trace = TraceOf(request.traceparent); !trace.empty()) line["trace_id"] = trace;
  return line;
}

class Logged : public Responder {
 public:
  Logged(const HttpRequest& request, std::shared_ptr<Responder> to, AccessLog& log) : to_(std::move(to)), log_(log) {
    request_.peer = request.peer;
    request_.method = request.method;
    request_.path = request.path;
    request_.traceparent = request.traceparent;
  }
  ~Logged() override {
    if (!ended_) WriteLine(/*whole=*/false);
  }

  void Send(HttpReply reply) override {
    TakeHead(reply);
    sent_bytes_ = reply.body.size();
    WriteLine(/*whole=*/true);
    to_->Send(std::move(reply));
  }
  void Begin(HttpReply head) override {
    TakeHead(head);
    to_->Begin(std::move(head));
  }
  void Write(std::string bytes) override {
    sent_bytes_ += bytes.size();
    to_->Write(std::move(bytes));
  }
  void End() override {
    WriteLine(/*whole=*/true);
    to_->End();
  }
  bool gone() const override { return to_->gone(); }
  void Note(const AnswerNote& note) override {
    ++answers_;
    note_.queue_ms = std::max(note_.queue_ms, note.queue_ms);
    note_.first_token_ms = std::max(note_.first_token_ms, note.first_token_ms);
    note_.prompt_tokens += note.prompt_tokens;
    note_.cached_tokens += note.cached_tokens;
    note_.completion_tokens += note.completion_tokens;
    note_.finish = note.finish;
  }

 private:
  void TakeHead(const HttpReply& reply) {
    head_.status = reply.status;
    head_.headers = reply.headers;
  }

  void WriteLine(bool whole) {
    ended_ = true;
    Json line = LineOf(request_, head_);
    line["bytes"] = sent_bytes_;
    line["duration_ms"] = Rounded(std::chrono::duration<double, std::milli>(Clock::now() - arrival_).count());
    if (!whole) line["aborted"] = true;
    if (answers_ > 0) {
      line["queue_ms"] = Rounded(note_.queue_ms);
      line["first_token_ms"] = Rounded(note_.first_token_ms);
      line["prompt_tokens"] = note_.prompt_tokens;
      line["cached_tokens"] = note_.cached_tokens;
      line["completion_tokens"] = note_.completion_tokens;
      line["finish"] = note_.finish;
    }
    log_.Write(Dump(line));
  }

  const std::shared_ptr<Responder> to_;
  AccessLog& log_;
  const Clock::time_point arrival_ = Clock::now();
  HttpRequest request_;  // without its body and its key
  HttpReply head_{.status = 0, .content_type = {}, .body = {}, .headers = {}};
  uint64_t sent_bytes_ = 0;
  uint32_t answers_ = 0;
  AnswerNote note_;  // of all answers
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::Open(std::string path) {
  STERNA_ASSIGN_OR_RETURN(const int descriptor, OpenForAppend(path));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(path), descriptor));
}

AccessLog::~AccessLog() { close(descriptor_); }

Status AccessLog::Reopen() {
  STERNA_ASSIGN_OR_RETURN(const int descriptor, OpenForAppend(path_));
  const std::lock_guard lock(mutex_);
  close(descriptor_);
  descriptor_ = descriptor;
  failure_told_ = false;
  return {};
}

void AccessLog::Write(const std::string& line) {
  const std::string whole = line + "\n";
  const std::lock_guard lock(mutex_);
  if (write(descriptor_, whole.data(), whole.size()) == ssize_t(whole.size()) || failure_told_) return;
  failure_told_ = true;
  Log(LogLevel::kError, "server",
      fmt::format("the access log '{}' cannot be written: {}", path_, std::strerror(errno)));
}

std::shared_ptr<Responder> LoggedResponder(const HttpRequest& request, std::shared_ptr<Responder> responder,
                                           AccessLog& log) {
  return std::make_shared<Logged>(request, std::move(responder), log);
}

void LogRefusal(const HttpRequest& head, const HttpReply& reply, AccessLog& log) {
  Json line = LineOf(head, reply);
  line["bytes"] = reply.body.size();
  log.Write(Dump(line));
}

std::string_view TraceOf(std::string_view traceparent) {
  constexpr size_t kVersion = 2, kTrace = 32, kParent = 16, kFlags = 2;
  const auto is_hex = [](std::string_view digits) {
    return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  };
  const bool formed = traceparent.size() == kVersion + kTrace + kParent + kFlags + 3 && traceparent[kVersion] == '-' &&
                      traceparent[kVersion + 1 + kTrace] == '-' && traceparent[kVersion + 2 + kTrace + kParent] == '-';
  if (!formed || !is_hex(traceparent.substr(0, kVersion)) || traceparent.starts_with("ff")) return {};
  const std::string_view trace = traceparent.substr(kVersion + 1, kTrace);
  const std::string_view parent = traceparent.substr(kVersion + kTrace + 2, kParent);
  const bool some =
      trace.find_first_not_of('0') != std::string_view::npos && parent.find_first_not_of('0') != std::string_view::npos;
  return some && is_hex(trace) && is_hex(parent) ? trace : std::string_view();
}

}  // namespace sterna::server
