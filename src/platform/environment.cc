// SPDX-License-Identifier: Apache-2.0
#include "platform/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace sterna::platform {

std::optional<std::string> GetEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::map<std::string, std::string> SternaVariables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == text.npos || !text.starts_with("STERNA_")) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace sterna::platform
