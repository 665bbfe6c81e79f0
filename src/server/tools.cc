// SPDX-License-Identifier: Apache-2.0
#include "server/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/status_macros.h"
#include "grammar/include_syntax.h"
#include "grammar/json_schema.h"
#include "server/tool_call_format.h"

namespace sterna::server {
namespace {

using grammar::ExpressionId;

constexpr size_t kMaxTools = 128;
constexpr size_t kMaxNameBytes = 64;

bool IsToolName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

// The object `function` of {"type": "function", "function": {...}}.
Result<const Json*> FunctionOf(const Json& tool, const std::string& where) {
  if (!tool.is_object()) return WrongField(where, "an object with type and function");
  STERNA_ASSIGN_OR_RETURN(const auto type, TextField(tool, "type"));
  if (type != "function") return WrongField(where + ".type", "function");
  const Json* function = FindField(tool, "function");
  if (function == nullptr || !function->is_object()) return WrongField(where + ".function", "an object with a name");
  return function;
}

Result<std::string> NameOf(const Json& function, const std::string& where) {
  STERNA_ASSIGN_OR_RETURN(auto name, TextField(function, "name"));
  if (name && IsToolName(*name)) return *std::move(name);
  return WrongField(where + ".function.name", fmt::format("1 to {} letters, digits, '_' or '-'", kMaxNameBytes));
}

Status CheckFunction(const Json& function, const std::string& where) {
  STERNA_RETURN_IF_ERROR(TextField(function, "description").status());
  STERNA_RETURN_IF_ERROR(BoolField(function, "strict").status());
  const Json* parameters = FindField(function, "parameters");
  if (parameters == nullptr) return {};
  if (!parameters->is_object()) return WrongField(where + ".function.parameters", "a JSON Schema");
  const Json* type = FindField(*parameters, "type");
  return type == nullptr || *type == "object" ? Status() : WrongField(where + ".function.parameters.type", "object");
}

Result<std::vector<Tool>> ReadOffered(const Json& body) {
  std::vector<Tool> tools;
  const Json* list = FindField(body, "tools");
  if (list == nullptr) return tools;
  if (!list->is_array() || list->size() > kMaxTools) {
    return WrongField("tools", fmt::format("a list of at most {} functions", kMaxTools));
  }
  std::unordered_set<std::string> names;
  tools.reserve(list->size());
  for (const Json& tool : *list) {
    const std::string where = fmt::format("tools[{}]", tools.size());
    STERNA_ASSIGN_OR_RETURN(const Json* function, FunctionOf(tool, where));
    STERNA_ASSIGN_OR_RETURN(std::string name, NameOf(*function, where));
    STERNA_RETURN_IF_ERROR(CheckFunction(*function, where));
    if (!names.insert(name).second) return WrongField(where + ".function.name", "another one than the tools before it");
    tools.push_back({std::move(name), &tool});
  }
  return tools;
}

// "none", "auto", "required", or {"type": "function", "function": {"name": "..."}}.
Status ReadChoice(const Json& choice, ToolUse& tools) {
  if (choice == "none" || choice == "auto") {
    tools.choice = choice == "none" ? ToolUse::Choice::kNone : ToolUse::Choice::kAuto;
    return {};
  }
  tools.choice = ToolUse::Choice::kRequired;
  if (choice == "required") return {};
  if (!choice.is_object()) return WrongField("tool_choice", "none, auto, required, or an object that names a function");
  STERNA_ASSIGN_OR_RETURN(const Json* function, FunctionOf(choice, "tool_choice"));
  STERNA_ASSIGN_OR_RETURN(const std::string name, NameOf(*function, "tool_choice"));
  std::erase_if(tools.allowed, [&name](const Tool* tool) { return tool->name != name; });
  return tools.allowed.empty() ? WrongField("tool_choice", "the name of one of the tools") : Status();
}

// A function without parameters takes none.
Result<grammar::Syntax> ArgumentsSyntax(const Tool& tool) {
  const Json* parameters = FindField(tool.definition->at("function"), "parameters");
  Json schema = parameters == nullptr || parameters->empty() ? Json{{"additionalProperties", false}} : *parameters;
  schema["type"] = "object";
  Result<grammar::Syntax> syntax = grammar::ParseJsonSchema(schema.dump());
  if (syntax.ok()) return syntax;
  return Status(syntax.status().code(),
                fmt::format("the parameters of the tool '{}': {}", tool.name, syntax.status().message()));
}

// What follows kToolCallBegin.
Result<ExpressionId> CallSyntax(const ToolUse& tools, grammar::Syntax& syntax) {
  std::vector<ExpressionId> calls;
  calls.reserve(tools.allowed.size());
  for (const Tool* tool : tools.allowed) {
    STERNA_ASSIGN_OR_RETURN(const grammar::Syntax arguments, ArgumentsSyntax(*tool));
    const ExpressionId name = syntax.Text(tool->name + std::string(kToolNameEnd));
    calls.push_back(syntax.Sequence({name, grammar::IncludeSyntax(arguments, syntax)}));
  }
  return syntax.Sequence({syntax.Text(std::string(kToolNameBegin)), syntax.Alternatives(std::move(calls)),
                          syntax.Text(std::string(kToolCallEnd))});
}

// Any text up to where a call begins, if one does: a rule for each count of characters of kToolCallBegin that were read
// last. Its first character stands nowhere else in it, so what breaks off begins again at once.
ExpressionId TextThen(ExpressionId calls, grammar::Syntax& syntax) {
  std::vector<grammar::RuleId> rules;
  rules.reserve(kToolCallBegin.size());
  for (size_t i = 0; i < kToolCallBegin.size(); ++i) rules.push_back(syntax.AddRule("text", "tools"));
  const auto one_of = [&syntax](const std::vector<grammar::CodePointRange>& characters, ExpressionId then) {
    return syntax.Sequence({syntax.Character(characters), then});
  };
  constexpr auto kFirst = char32_t(kToolCallBegin[0]);
  for (size_t i = 0; i < rules.size(); ++i) {
    const auto next = char32_t(kToolCallBegin[i]);
    const bool whole = i + 1 == rules.size();
    std::vector<ExpressionId> ways = {
        syntax.Text(""), one_of({{next, next}}, whole ? calls : syntax.Call(rules[i + 1])),
        one_of(grammar::Complement({{kFirst, kFirst}, {next, next}}), syntax.Call(rules[0]))};
    if (i > 0) ways.push_back(one_of({{kFirst, kFirst}}, syntax.Call(rules[1])));
    syntax.Define(rules[i], syntax.Alternatives(std::move(ways)));
  }
  return syntax.Call(rules[0]);
}

}  // namespace

Result<ToolUse> ReadTools(const Json& body) {
  ToolUse tools;
  STERNA_ASSIGN_OR_RETURN(tools.offered, ReadOffered(body));
  tools.allowed.reserve(tools.offered.size());
  for (const Tool& tool : tools.offered) tools.allowed.push_back(&tool);
  STERNA_ASSIGN_OR_RETURN(const auto parallel, BoolField(body, "parallel_tool_calls"));
  tools.parallel = parallel.value_or(true);
  if (!tools.offered.empty()) tools.choice = ToolUse::Choice::kAuto;
  if (const Json* choice = FindField(body, "tool_choice")) STERNA_RETURN_IF_ERROR(ReadChoice(*choice, tools));
  if (tools.offered.empty() && tools.choice == ToolUse::Choice::kRequired) {
    return WrongField("tool_choice", "none or auto where there are no tools");
  }
  if (tools.offered.empty() || tools.choice == ToolUse::Choice::kNone) return ToolUse();
  return tools;
}

Result<grammar::Syntax> ToolSyntax(const ToolUse& tools) {
  grammar::Syntax syntax;
  syntax.root = syntax.AddRule("root", "tools");
  const grammar::RuleId call = syntax.AddRule("call", "tools");
  STERNA_ASSIGN_OR_RETURN(const ExpressionId body, CallSyntax(tools, syntax));
  syntax.Define(call, body);
  const ExpressionId another = syntax.Sequence({syntax.Text(fmt::format("\n{}", kToolCallBegin)), syntax.Call(call)});
  const ExpressionId calls =
      tools.parallel ? syntax.Sequence({syntax.Call(call), syntax.Repeat(another, 0)}) : syntax.Call(call);
  const bool required = tools.choice == ToolUse::Choice::kRequired;
  syntax.Define(syntax.root, required ? syntax.Sequence({syntax.Text(std::string(kToolCallBegin)), calls})
                                      : TextThen(calls, syntax));
  return syntax;
}

}  // namespace sterna::server
