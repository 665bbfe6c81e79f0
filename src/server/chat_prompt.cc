// SPDX-License-Identifier: Apache-2.0
#include "server/chat_prompt.h"

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "server/chat_messages.h"
#include "server/tool_call_format.h"

namespace sterna::server {
namespace {

using text::jinja::Data;

// Clients write it, so nothing in it is trusted. Its depth is bounded by ParseObject.
Data ToData(const Json& json) {
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number_integer()) return {json.get<int64_t>()};
  if (json.is_number()) return {json.get<double>()};
  if (json.is_string()) return {json.get<std::string>()};
  if (json.is_array()) {
    Data::Array items;
    items.reserve(json.size());
    for (const Json& item : json) items.push_back(ToData(item));
    return {std::move(items)};
  }
  if (!json.is_object()) return {};
  Data::Object members;
  members.reserve(json.size());
  for (const auto& [name, value] : json.items()) members.push_back({name, ToData(value)});
  return {std::move(members)};
}

text::jinja::Variables ToolsVariable(const std::vector<Tool>& tools) {
  Data::Array definitions;
  definitions.reserve(tools.size());
  for (const Tool& tool : tools) definitions.push_back(ToData(*tool.definition));
  return {{"tools", Data{std::move(definitions)}}};
}

// Whether a template shows the model a tool, and the form of its calls: it is tried.
bool TakesTools(const text::ChatTemplate& chat_template) {
  const std::string name = "sterna-probe";
  const Json tool = {{"type", "function"},
                     {"function", {{"name", name}, {"description", ""}, {"parameters", Json::object()}}}};
  const std::vector<text::ChatMessage> messages = {{text::Role::kUser, ""}};
  const auto pieces = chat_template.Render(messages, /*add_generation_prompt=*/true, ToolsVariable({{name, &tool}}));
  if (!pieces.ok()) return false;
  std::string text;
  for (const text::TextPiece& piece : *pieces) text += piece.text;
  return text.find(name) != std::string::npos && text.find(kToolCallBegin) != std::string::npos;
}

std::string SystemText(const std::vector<Tool>& tools) {
  std::string text = "Functions that you can call, one a line, as JSON:\n<tools>\n";
  for (const Tool& tool : tools) text.append(Dump(*tool.definition)).append("\n");
  text += "</tools>\nWhere one of them helps, call it by writing this and nothing behind it:\n";
  text.append(kToolCallBegin).append(kToolNameBegin).append("NAME").append(kToolNameEnd).append("{...}");
  return text.append(kToolCallEnd);
}

void AddToSystemMessage(const std::string& text, std::vector<text::ChatMessage>& messages) {
  if (messages.front().role == text::Role::kSystem) {
    messages.front().content.append("\n\n").append(text);
  } else {
    messages.insert(messages.begin(), {text::Role::kSystem, text});
  }
}

}  // namespace

Result<std::vector<text::TextPiece>> RenderChat(const Json& body, const ToolUse& tools,
                                                const text::ChatTemplate& chat_template) {
  STERNA_ASSIGN_OR_RETURN(auto messages, ReadMessages(body));
  text::jinja::Variables variables;
  if (!tools.offered.empty() && TakesTools(chat_template)) {
    variables = ToolsVariable(tools.offered);
  } else if (!tools.offered.empty()) {
    AddToSystemMessage(SystemText(tools.offered), messages);
  }
  return chat_template.Render(messages, /*add_generation_prompt=*/true, variables);
}

}  // namespace sterna::server
