// SPDX-License-Identifier: Apache-2.0
#include "server/output_constraint.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"

namespace sterna::server {
namespace {

using ConstraintPtr = std::shared_ptr<const grammar::Constraint>;

// A shape that an answer is to have.
struct Shape {
  std::string_view field;  // that asks for it
  std::string key;         // the same for the same shape
  std::function<Result<grammar::Syntax>()> parse;
};
using MaybeShape = std::optional<Shape>;

Shape OfSchema(std::string_view field, const Json& schema) {
  std::string text = schema.dump();
  std::string key = "schema " + text;
  return {field, std::move(key), [text = std::move(text)] { return grammar::ParseJsonSchema(text); }};
}

// {"type": "json_schema", "json_schema": {"schema": {...}}}, or llama-server's {"type": "json_object", "schema":
// {...}}.
Result<MaybeShape> OfResponseFormat(const Json& format) {
  if (!format.is_object()) return Status::InvalidArgument("'response_format' must be an object with a 'type'");
  STERNA_ASSIGN_OR_RETURN(const auto type, TextField(format, "type"));
  if (!type || *type == "text") return MaybeShape();
  const Json* holder = *type == "json_schema" ? FindField(format, "json_schema") : &format;
  const Json* schema = holder == nullptr || !holder->is_object() ? nullptr : FindField(*holder, "schema");
  if (*type == "json_object" && schema == nullptr) {
    return MaybeShape({"response_format", "object", [] { return grammar::JsonObjectSyntax(); }});
  }
  if (*type != "json_object" && *type != "json_schema") {
    return Status::Unsupported(
        fmt::format("'response_format' of type '{}' is not supported; give text, json_object or json_schema", *type));
  }
  if (schema == nullptr) return Status::InvalidArgument("'response_format' holds no 'json_schema' with a 'schema'");
  return MaybeShape(OfSchema("response_format", *schema));
}

Result<MaybeShape> OfGrammar(const Json& body) {
  STERNA_ASSIGN_OR_RETURN(const auto text, TextField(body, "grammar"));
  if (!text || text->empty()) return MaybeShape();
  return MaybeShape({"grammar", "grammar " + *text, [text = *text] { return grammar::ParseGbnf(text); }});
}

Result<std::vector<Shape>> ShapesOf(const Json& body) {
  std::vector<Shape> shapes;
  if (const Json* format = FindField(body, "response_format")) {
    STERNA_ASSIGN_OR_RETURN(MaybeShape shape, OfResponseFormat(*format));
    if (shape) shapes.push_back(*std::move(shape));
  }
  if (const Json* schema = FindField(body, "json_schema")) shapes.push_back(OfSchema("json_schema", *schema));
  STERNA_ASSIGN_OR_RETURN(MaybeShape grammar, OfGrammar(body));
  if (grammar) shapes.push_back(*std::move(grammar));
  return shapes;
}

// Over a limit: more memory would not help, another request would. Which field was wrong stands before what was wrong.
Status Refusal(std::string_view field, const Status& status) {
  const StatusCode code =
      status.code() == StatusCode::kResourceExhausted ? StatusCode::kInvalidArgument : status.code();
  return {code, field.empty() ? std::string(status.message()) : fmt::format("'{}': {}", field, status.message())};
}

Result<ConstraintPtr> ConstraintOf(const Shape& shape, const ApiContext& context) {
  return context.constraints.Get(shape.key, [&]() -> Result<ConstraintPtr> {
    const Result<grammar::Syntax> syntax = shape.parse();
    if (!syntax.ok()) return Refusal(shape.field, syntax.status());
    Result<grammar::Automaton> automaton = grammar::Automaton::Compile(*syntax);
    if (!automaton.ok()) return Refusal("", automaton.status());
    return context.engine.Constrain(*std::move(automaton));
  });
}

// The same for the same functions and choice.
std::string KeyOf(const ToolUse& tools) {
  std::string key = fmt::format("tools {} {}", int(tools.choice), tools.parallel);
  for (const Tool* tool : tools.allowed) key += tool->definition->dump();
  return key;
}

}  // namespace

Result<ConstraintPtr> ReadConstraint(const Json& body, const ApiContext& context) {
  STERNA_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, ShapesOf(body));
  if (shapes.empty()) return ConstraintPtr();
  if (shapes.size() > 1) {
    return Status::InvalidArgument(
        "more than one of 'response_format', 'json_schema' and 'grammar' is given; give one");
  }
  return ConstraintOf(shapes.front(), context);
}

Result<ConstraintPtr> ToolConstraint(const ToolUse& tools, const ApiContext& context) {
  return ConstraintOf({"", KeyOf(tools), [&] { return ToolSyntax(tools); }}, context);
}

}  // namespace sterna::server
