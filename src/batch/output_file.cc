// SPDX-License-Identifier: Apache-2.0
#include "batch/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sterna::batch {
namespace {

Status CannotWrite(const std::string& path, int error) {
  return Status::Unavailable(
      fmt::format("cannot write '{}': {}; free space or give a place that can be written, then "
                  "run the same command again",
                  path, std::strerror(error)));
}

Status WriteAndSync(int descriptor, const std::string& path, std::string_view text) {
  const Status written = WriteAll(descriptor, path, text);
  if (written.ok() && fsync(descriptor) != 0) return CannotWrite(path, errno);
  return written;
}

}  // namespace

Status WriteAll(int descriptor, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return CannotWrite(path, errno);
    if (written > 0) text.remove_prefix(size_t(written));
  }
  return {};
}

Status ReplaceFile(const std::string& path, std::string_view text) {
  const std::string part = path + kPartSuffix;
  const int descriptor = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) return CannotWrite(part, errno);
  Status status = WriteAndSync(descriptor, path, text);
  if (close(descriptor) != 0 && status.ok()) status = CannotWrite(path, errno);
  if (status.ok() && std::rename(part.c_str(), path.c_str()) != 0) status = CannotWrite(path, errno);
  if (!status.ok()) unlink(part.c_str());
  return status;
}

}  // namespace sterna::batch
