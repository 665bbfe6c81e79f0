// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "grammar/syntax.h"
#include "server/json_fields.h"

namespace sterna::server {

// A function that a client offers to the model.
struct Tool {
  std::string name;
  const Json* definition = nullptr;  // as the body holds it: {"type": "function", "function": {...}}
};

// The functions of a request, and what the model may do with them.
struct ToolUse {
  enum class Choice : uint8_t { kNone, kAuto, kRequired };
  ToolUse() = default;  // no copies: `allowed` points into `offered`
  ToolUse(ToolUse&&) = default;
  ToolUse& operator=(ToolUse&&) = default;

  Choice choice = Choice::kNone;
  std::vector<Tool> offered;         // shown to the model; none where the choice is kNone
  std::vector<const Tool*> allowed;  // of these, that it may call
  bool parallel = true;              // several calls in one answer
};

// `tools`, `tool_choice` and `parallel_tool_calls` of a body, which outlives what is read. InvalidArgument names what
// is wrong; schemas are looked at by ToolSyntax.
Result<ToolUse> ReadTools(const Json& body);

// Answers that call what is allowed, in the form of tool_call_format.h: at least one call where the choice is
// kRequired, else any text and then perhaps calls. InvalidArgument or ResourceExhausted say which schema is wrong, and
// where.
Result<grammar::Syntax> ToolSyntax(const ToolUse& tools);

}  // namespace sterna::server
