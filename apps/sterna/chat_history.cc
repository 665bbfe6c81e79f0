// SPDX-License-Identifier: Apache-2.0
#include "chat_history.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "json_text.h"
#include "streams.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxHistoryBytes = size_t{64} << 20;

Status Broken(const std::string& path, const std::string& what) {
  return Status::Corrupt(fmt::format("'{}' is not a chat history: {}; give a file that /save wrote", path, what));
}

Result<text::ChatMessage> ReadMessage(const std::string& path, const ordered_json& json, size_t index) {
  const std::string where = fmt::format("message {}", index + 1);
  if (!json.is_object() || !json.contains("role") || !json.contains("content") || !json["role"].is_string() ||
      !json["content"].is_string()) {
    return Broken(path, where + " needs the texts role and content");
  }
  const text::Role expected = index % 2 == 0 ? text::Role::kUser : text::Role::kAssistant;
  if (json["role"].get<std::string>() != RoleName(expected)) {
    return Broken(path, fmt::format("{} must have the role {}", where, RoleName(expected)));
  }
  return text::ChatMessage{expected, json["content"].get<std::string>()};
}

}  // namespace

std::string RoleName(text::Role role) {
  if (role == text::Role::kSystem) return "system";
  return role == text::Role::kUser ? "user" : "assistant";
}

Status SaveHistory(const std::string& path, const ChatHistory& history) {
  ordered_json messages = ordered_json::array();
  for (const auto& message : history.messages) {
    messages.push_back({{"role", RoleName(message.role)}, {"content", message.content}});
  }
  const ordered_json json = {{"system", history.system}, {"messages", messages}};
  const std::string text = JsonText(json);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool ok = file != nullptr;
  if (file != nullptr) {
    ok = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    ok = std::fclose(file) == 0 && ok;
  }
  if (ok) return {};
  return Status::Unavailable(
      fmt::format("cannot write '{}': {}; give a path that can be written", path, std::strerror(errno)));
}

Result<ChatHistory> LoadHistory(const std::string& path) {
  STERNA_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path, kMaxHistoryBytes));
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return Broken(path, "it holds no JSON object");
  if (!json.contains("messages") || !json["messages"].is_array()) return Broken(path, "there is no list of messages");
  ChatHistory history;
  if (json.contains("system")) {
    if (!json["system"].is_string()) return Broken(path, "system must be a text");
    history.system = json["system"].get<std::string>();
  }
  for (const ordered_json& message : json["messages"]) {
    STERNA_ASSIGN_OR_RETURN(text::ChatMessage read, ReadMessage(path, message, history.messages.size()));
    history.messages.push_back(std::move(read));
  }
  return history;
}

}  // namespace sterna::cli
