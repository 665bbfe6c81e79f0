// SPDX-License-Identifier: Apache-2.0
#include "streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "interrupt.h"

namespace sterna::cli {
namespace {

Result<std::string> ReadAll(int descriptor, const std::string& name, size_t limit_bytes) {
  std::string text;
  std::string part(size_t{1} << 16, '\0');
  for (;;) {
    const ssize_t got = read(descriptor, part.data(), part.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Status::Corrupt(fmt::format("cannot read {}: {}; give a readable text file", name, std::strerror(errno)));
    }
    if (text.size() + size_t(got) > limit_bytes) {
      return Status::ResourceExhausted(
          fmt::format("{} holds more than the limit of {} bytes; give a shorter text", name, limit_bytes));
    }
    text.append(part.data(), size_t(got));
  }
}

}  // namespace

bool ResultStream::Write(std::string_view text) {
  while (!text.empty() && !closed_) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(size_t(written));
    } else if (errno == EINTR) {
      if (Interrupted()) return true;  // a reader that does not read must not hold up Ctrl-C: the rest is dropped
    } else {
      closed_ = true;
      if (errno != EPIPE) {
        status_ = Status::Unavailable(
            fmt::format("cannot write the result to stdout: {}; look at where stdout goes", std::strerror(errno)));
      }
    }
  }
  return !closed_;
}

bool StdinIsTerminal() { return isatty(STDIN_FILENO) == 1; }
bool StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }

Result<std::string> ReadStdin(size_t limit_bytes) { return ReadAll(STDIN_FILENO, "stdin", limit_bytes); }

Result<std::string> ReadTextFile(const std::string& path, size_t limit_bytes) {
  if (path == "-") return ReadStdin(limit_bytes);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return Status::NotFound(
        fmt::format("cannot open '{}': {}; give the path of a readable text file", path, std::strerror(errno)));
  }
  auto text = ReadAll(descriptor, fmt::format("'{}'", path), limit_bytes);
  close(descriptor);
  return text;
}

}  // namespace sterna::cli
