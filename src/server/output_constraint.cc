// SPDX-License-Identifier: Apache-2.0
#include "server/output_constraint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/status_macros.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"

namespace sterna::server {
namespace {

using MaybeSyntax = std::optional<grammar::Syntax>;

// Which field was wrong, before what was wrong in it.
Result<MaybeSyntax> Of(std::string_view field, Result<grammar::Syntax> syntax) {
  if (syntax.ok()) return MaybeSyntax(*std::move(syntax));
  return Status(syntax.status().code(), fmt::format("'{}': {}", field, syntax.status().message()));
}

// Over a limit: more memory would not help, another request would.
Status Refusal(const Status& status) {
  if (status.code() != StatusCode::kResourceExhausted) return status;
  return Status::InvalidArgument(std::string(status.message()));
}

// {"type": "json_schema", "json_schema": {"schema": {...}}}, or llama-server's {"type": "json_object", "schema":
// {...}}.
Result<MaybeSyntax> OfResponseFormat(const Json& format) {
  if (!format.is_object()) return Status::InvalidArgument("'response_format' must be an object with a 'type'");
  STERNA_ASSIGN_OR_RETURN(const auto type, TextField(format, "type"));
  if (!type || *type == "text") return MaybeSyntax();
  const Json* holder = *type == "json_schema" ? FindField(format, "json_schema") : &format;
  const Json* schema = holder == nullptr || !holder->is_object() ? nullptr : FindField(*holder, "schema");
  if (*type == "json_object" && schema == nullptr) return Of("response_format", grammar::JsonObjectSyntax());
  if (*type != "json_object" && *type != "json_schema") {
    return Status::Unsupported(
        fmt::format("'response_format' of type '{}' is not supported; give text, json_object or json_schema", *type));
  }
  if (schema == nullptr) return Status::InvalidArgument("'response_format' holds no 'json_schema' with a 'schema'");
  return Of("response_format", grammar::ParseJsonSchema(schema->dump()));
}

Result<MaybeSyntax> OfGrammar(const Json& body) {
  STERNA_ASSIGN_OR_RETURN(const auto text, TextField(body, "grammar"));
  if (!text || text->empty()) return MaybeSyntax();
  return Of("grammar", grammar::ParseGbnf(*text));
}

}  // namespace

Result<std::shared_ptr<const grammar::Constraint>> ReadConstraint(const Json& body, const ApiContext& context) {
  MaybeSyntax chosen;
  uint32_t given = 0;
  const auto take = [&](Result<MaybeSyntax> syntax) -> Status {
    if (!syntax.ok()) return Refusal(syntax.status());
    given += syntax->has_value() ? 1 : 0;
    if (*syntax) chosen = *std::move(syntax);
    return {};
  };
  if (const Json* format = FindField(body, "response_format")) STERNA_RETURN_IF_ERROR(take(OfResponseFormat(*format)));
  if (const Json* schema = FindField(body, "json_schema")) {
    STERNA_RETURN_IF_ERROR(take(Of("json_schema", grammar::ParseJsonSchema(schema->dump()))));
  }
  STERNA_RETURN_IF_ERROR(take(OfGrammar(body)));
  if (given == 0) return std::shared_ptr<const grammar::Constraint>();
  if (given > 1) {
    return Status::InvalidArgument(
        "more than one of 'response_format', 'json_schema' and 'grammar' is given; give one");
  }
  return MakeConstraint(*std::move(chosen), context);
}

Result<std::shared_ptr<const grammar::Constraint>> MakeConstraint(const Result<grammar::Syntax>& syntax,
                                                                  const ApiContext& context) {
  if (!syntax.ok()) return Refusal(syntax.status());
  Result<grammar::Automaton> automaton = grammar::Automaton::Compile(*syntax);
  if (!automaton.ok()) return Refusal(automaton.status());
  return context.engine.Constrain(*std::move(automaton));
}

}  // namespace sterna::server
