// SPDX-License-Identifier: Apache-2.0
#include "server/chat_messages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"

namespace sterna::server {
namespace {

Result<text::Role> RoleOf(const Json& message, const std::string& where) {
  STERNA_ASSIGN_OR_RETURN(const auto role, TextField(message, "role"));
  if (!role) return WrongField(where + ".role", "given");
  if (*role == "system" || *role == "developer") return text::Role::kSystem;
  if (*role == "user") return text::Role::kUser;
  if (*role == "assistant") return text::Role::kAssistant;
  return WrongField(where + ".role", "system, developer, user or assistant");
}

Result<std::string> PartText(const Json& part, const std::string& where) {
  STERNA_ASSIGN_OR_RETURN(const auto type, TextField(part, "type"));
  if (type != "text") return WrongField(where + ".content", "a text, or parts of type text");
  STERNA_ASSIGN_OR_RETURN(auto text, TextField(part, "text"));
  if (!text) return WrongField(where + ".content", "made of parts that have a text");
  return *std::move(text);
}

Result<std::string> ContentOf(const Json& message, text::Role role, const std::string& where) {
  const Json* content = FindField(message, "content");
  if (content == nullptr) {
    if (role == text::Role::kAssistant) return std::string();
    return WrongField(where + ".content", "given");
  }
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) return WrongField(where + ".content", "a text, or parts of type text");
  std::string all;
  for (const Json& part : *content) {
    STERNA_ASSIGN_OR_RETURN(const std::string text, PartText(part, where));
    all += text;
  }
  return all;
}

}  // namespace

Result<std::vector<text::ChatMessage>> ReadMessages(const Json& body) {
  const Json* messages = FindField(body, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty()) {
    return WrongField("messages", "a list of at least one message");
  }
  std::vector<text::ChatMessage> read;
  for (const Json& message : *messages) {
    const std::string where = fmt::format("messages[{}]", read.size());
    if (!message.is_object()) return WrongField(where, "an object with role and content");
    STERNA_ASSIGN_OR_RETURN(const text::Role role, RoleOf(message, where));
    STERNA_ASSIGN_OR_RETURN(std::string content, ContentOf(message, role, where));
    read.push_back({role, std::move(content)});
  }
  return read;
}

Result<const text::ChatTemplate*> TemplateOf(const ApiContext& context) {
  if (context.chat_template != nullptr) return context.chat_template;
  return Status::Unsupported(
      "the model has no chat template; start the server with --chat-template, or use /v1/completions");
}

}  // namespace sterna::server
