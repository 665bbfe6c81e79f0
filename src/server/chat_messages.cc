// SPDX-License-Identifier: Apache-2.0
#include "server/chat_messages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/status_macros.h"
#include "server/tool_call_format.h"

namespace sterna::server {
namespace {

Result<text::Role> RoleOf(const Json& message, const std::string& where) {
  STERNA_ASSIGN_OR_RETURN(const auto role, TextField(message, "role"));
  if (!role) return WrongField(where + ".role", "given");
  if (*role == "system" || *role == "developer") return text::Role::kSystem;
  if (*role == "user") return text::Role::kUser;
  if (*role == "assistant") return text::Role::kAssistant;
  if (*role == "tool") return text::Role::kUser;  // its content says that it is a function's result
  return WrongField(where + ".role", "system, developer, user, assistant or tool");
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

// Calls that the assistant made in earlier turns, as a model writes them.
class EarlierCalls {
 public:
  // Those of a message, as text.
  Result<std::string> Read(const Json& message, const std::string& where) {
    std::string text;
    const Json* calls = FindField(message, "tool_calls");
    if (calls == nullptr) return text;
    if (!calls->is_array()) return WrongField(where + ".tool_calls", "a list of calls");
    for (size_t i = 0; i < calls->size(); ++i) {
      STERNA_ASSIGN_OR_RETURN(const std::string call, One((*calls)[i], fmt::format("{}.tool_calls[{}]", where, i)));
      text += (text.empty() ? "" : "\n") + call;
    }
    return text;
  }

  // The content of a `tool` message, which answers a call.
  Result<std::string> ResultOf(const Json& message, const std::string& content, const std::string& where) const {
    STERNA_ASSIGN_OR_RETURN(const auto id, TextField(message, "tool_call_id"));
    if (!id || !ids_.contains(*id))
      return WrongField(where + ".tool_call_id", "the id of a call in an earlier message");
    return "<tool_response>\n" + content + "\n</tool_response>";
  }

 private:
  Result<std::string> One(const Json& call, const std::string& where) {
    if (!call.is_object()) return WrongField(where, "an object with id and function");
    STERNA_ASSIGN_OR_RETURN(auto id, TextField(call, "id"));
    const Json* function = FindField(call, "function");
    if (!id || function == nullptr || !function->is_object())
      return WrongField(where, "an object with id and function");
    STERNA_ASSIGN_OR_RETURN(const auto name, TextField(*function, "name"));
    STERNA_ASSIGN_OR_RETURN(const auto arguments, TextField(*function, "arguments"));
    if (!name) return WrongField(where + ".function.name", "given");
    if (!arguments || !ParseObject(*arguments).ok()) {
      return WrongField(where + ".function.arguments", "a text that holds a JSON object");
    }
    ids_.insert(*std::move(id));
    return fmt::format("{}{}{}{}{}{}", kToolCallBegin, kToolNameBegin, *name, kToolNameEnd, *arguments, kToolCallEnd);
  }

  std::unordered_set<std::string> ids_;
};

}  // namespace

Result<std::vector<text::ChatMessage>> ReadMessages(const Json& body) {
  const Json* messages = FindField(body, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty()) {
    return WrongField("messages", "a list of at least one message");
  }
  std::vector<text::ChatMessage> read;
  EarlierCalls calls;
  bool was_result = false;
  for (size_t i = 0; i < messages->size(); ++i) {
    const Json& message = (*messages)[i];
    const std::string where = fmt::format("messages[{}]", i);
    if (!message.is_object()) return WrongField(where, "an object with role and content");
    STERNA_ASSIGN_OR_RETURN(const text::Role role, RoleOf(message, where));
    STERNA_ASSIGN_OR_RETURN(std::string content, ContentOf(message, role, where));
    if (role == text::Role::kAssistant) {
      STERNA_ASSIGN_OR_RETURN(const std::string made, calls.Read(message, where));
      content += (content.empty() || made.empty() ? "" : "\n") + made;
    }
    const bool is_result = *FindField(message, "role") == "tool";
    if (is_result) {
      STERNA_ASSIGN_OR_RETURN(content, calls.ResultOf(message, content, where));
    }
    if (is_result && was_result) {
      read.back().content.append("\n").append(content);  // templates want turns to alternate
    } else {
      read.push_back({role, std::move(content)});
    }
    was_result = is_result;
  }
  return read;
}

Result<const text::ChatTemplate*> TemplateOf(const ApiContext& context) {
  if (context.chat_template != nullptr) return context.chat_template;
  return Status::Unsupported(
      "the model has no chat template; start the server with --chat-template, or use /v1/completions");
}

}  // namespace sterna::server
