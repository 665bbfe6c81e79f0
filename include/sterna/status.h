// SPDX-License-Identifier: Apache-2.0
//
// Status and Result<T>: how Sterna reports that the world is wrong (a file, a flag, a request, memory, the network).
// The library never throws, aborts or prints for such cases; it returns one of these.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace sterna {

// What kind of thing went wrong. The command line maps each kind to one exit code (docs/cli.md).
enum class StatusCode : uint8_t {
  kOk = 0,
  kInvalidArgument,     // a flag, a configuration value or a request field is wrong: mend the call
  kNotFound,            // a file or a name does not exist
  kCorrupt,             // a file's bytes contradict themselves or its format
  kUnsupported,         // a file is well formed but holds something Sterna does not run
  kResourceExhausted,   // memory, context or a configured limit
  kFailedPrecondition,  // the call is right but comes at the wrong time
  kUnavailable,         // a device or the network is not there now
  kCancelled,           // the caller asked for the work to stop
  kInternal,            // a bug in Sterna
};

// Stable lower-case name of a code ("corrupt"), for logs and JSON.
std::string_view StatusCodeName(StatusCode code);

// Ok, or a code with one line of text that says what is wrong, where, and what the limit is.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status InvalidArgument(std::string m) { return {StatusCode::kInvalidArgument, std::move(m)}; }
  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status Corrupt(std::string m) { return {StatusCode::kCorrupt, std::move(m)}; }
  static Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status ResourceExhausted(std::string m) { return {StatusCode::kResourceExhausted, std::move(m)}; }
  static Status FailedPrecondition(std::string m) { return {StatusCode::kFailedPrecondition, std::move(m)}; }
  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // "corrupt: tensor 'x' ..." or "ok".
  std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// A T, or the Status that says why there is none. Not constructible from an ok Status.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (status_.ok()) status_ = Status::Internal("Result made from an ok Status without a value");
  }
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  // Undefined when !ok(), like std::optional.
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

  // Throws std::runtime_error in the caller's code when !ok(); the library itself never calls it.
  T& value() & { return Checked(), *value_; }
  const T& value() const& { return Checked(), *value_; }
  T&& value() && { return Checked(), std::move(*value_); }

 private:
  void Checked() const {
    if (!ok()) throw std::runtime_error(status_.ToString());
  }
  Status status_;
  std::optional<T> value_;
};

}  // namespace sterna
