// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "format/gguf_limits.h"

namespace sterna::format {

// Oddities that do not keep a file from loading; the list stays short whatever the file is.
class GgufWarnings {
 public:
  void Add(std::string text) {
    if (list_.size() == kMaxWarnings) list_.push_back("further warnings are left out");
    if (list_.size() < kMaxWarnings) list_.push_back(std::move(text));
  }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

}  // namespace sterna::format
