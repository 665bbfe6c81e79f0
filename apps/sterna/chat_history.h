// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sterna/status.h"
#include "text/chat_template.h"

namespace sterna::cli {

// What /save writes and /load reads: {"system": TEXT, "messages": [{"role": "user", "content": TEXT}, ...]}.
struct ChatHistory {
  std::string system;
  std::vector<text::ChatMessage> messages;
};

Status SaveHistory(const std::string& path, const ChatHistory& history);

// NotFound or Corrupt, naming the file. User and assistant must take turns, the user first.
Result<ChatHistory> LoadHistory(const std::string& path);

std::string RoleName(text::Role role);  // "user"

}  // namespace sterna::cli
