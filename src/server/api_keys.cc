// SPDX-License-Identifier: Apache-2.0
#include "server/api_keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/status_macros.h"

namespace sterna::server {

ApiKeys::Digest ApiKeys::DigestOf(std::string_view key) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return digest;
}

Status ApiKeys::ReadFile(const std::string& path, std::vector<Digest>& keys) {
  std::ifstream file(path);
  if (!file) return Status::NotFound(fmt::format("API keys: '{}': {}", path, std::strerror(errno)));
  const size_t before = keys.size();
  std::string line;
  while (std::getline(file, line)) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    const auto last = line.find_last_not_of(" \t\r");
    keys.push_back(DigestOf(std::string_view(line).substr(first, last - first + 1)));
  }
  if (file.bad()) return Status::NotFound(fmt::format("API keys: '{}' cannot be read", path));
  if (keys.size() > before) return {};
  return Status::InvalidArgument(fmt::format("API keys: '{}' holds no key; write one a line", path));
}

Status ApiKeys::Load(const std::vector<std::string>& keys, const std::optional<std::string>& path) {
  std::vector<Digest> digests;
  digests.reserve(keys.size());
  for (const std::string& key : keys) digests.push_back(DigestOf(key));
  if (path) STERNA_RETURN_IF_ERROR(ReadFile(*path, digests));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(digests);
  return {};
}

bool ApiKeys::required() const {
  const std::lock_guard lock(mutex_);
  return !keys_.empty();
}

std::optional<size_t> ApiKeys::Find(std::string_view key) const {
  const Digest digest = DigestOf(key);
  const std::lock_guard lock(mutex_);
  std::optional<size_t> found;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (CRYPTO_memcmp(digest.data(), keys_[i].data(), digest.size()) == 0) found = i;
  }
  return found;
}

}  // namespace sterna::server
