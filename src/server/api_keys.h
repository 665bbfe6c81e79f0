// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::server {

// Who may ask. Keys are kept and compared as SHA-256, all of them each time, so that how long a look takes says nothing
// about them. Thread-safe.
class ApiKeys {
 public:
  // Takes `keys`, and those of a file, one a line; empty lines and lines that begin with # do not count. On an error
  // the keys stay as they were: NotFound or InvalidArgument name the file.
  Status Load(const std::vector<std::string>& keys, const std::optional<std::string>& path);

  bool required() const;
  // Which key this is, from 0; nullopt for none of them.
  std::optional<size_t> Find(std::string_view key) const;

 private:
  using Digest = std::array<uint8_t, 32>;
  static Digest DigestOf(std::string_view key);
  static Status ReadFile(const std::string& path, std::vector<Digest>& keys);

  mutable std::mutex mutex_;
  std::vector<Digest> keys_;  // guarded by mutex_
};

}  // namespace sterna::server
