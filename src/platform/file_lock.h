// SPDX-License-Identifier: Apache-2.0
//
// A lock between processes: one holder of a path at a time. It goes with its holder, however that one ends.
#pragma once

#include <optional>
#include <string>

#include "sterna/status.h"

namespace sterna::platform {

class FileLock {
 public:
  // nullopt: somebody else holds it. Makes the file, not its folder. Unavailable when the file cannot be opened.
  static Result<std::optional<FileLock>> TryAcquire(const std::string& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace sterna::platform
