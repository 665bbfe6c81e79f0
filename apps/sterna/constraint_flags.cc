// SPDX-License-Identifier: Apache-2.0
#include "constraint_flags.h"

#include "base/status_macros.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"
#include "grammar/limits.h"
#include "streams.h"

namespace sterna::cli {
namespace {

// A text of a flag, or of the file that another flag names.
Result<std::string> TextOf(const std::optional<std::string>& text, const std::optional<std::string>& file) {
  if (text) return *text;
  return ReadTextFile(*file, sterna::grammar::kMaxTextBytes);
}

}  // namespace

void ConstraintFlags::AddTo(FlagSet& flags) {
  flags.Group("Constraint flags");
  flags.AddText("--grammar", "TEXT", &grammar, "Answer with a text of this GBNF grammar [default: none]");
  flags.AddText("--grammar-file", "FILE", &grammar_file, "The same from a file; - is stdin [default: none]");
  flags.AddText("-j,--json-schema", "TEXT", &json_schema, "Answer with JSON of this JSON Schema [default: none]");
  flags.AddText("--json-schema-file", "FILE", &json_schema_file, "The same from a file; - is stdin [default: none]");
  flags.AddSwitch("--json-object", &json_object, "Answer with any JSON object");
}

Result<std::optional<sterna::grammar::Automaton>> ConstraintFlags::Compile() const {
  const int given = int(grammar.has_value()) + int(grammar_file.has_value()) + int(json_schema.has_value()) +
                    int(json_schema_file.has_value()) + int(json_object);
  if (given == 0) return std::optional<sterna::grammar::Automaton>();
  if (given > 1) {
    return Status::InvalidArgument("more than one grammar or schema is given; give one of them, or --json-object");
  }
  sterna::grammar::Syntax syntax;
  if (grammar || grammar_file) {
    STERNA_ASSIGN_OR_RETURN(const std::string text, TextOf(grammar, grammar_file));
    STERNA_ASSIGN_OR_RETURN(syntax, sterna::grammar::ParseGbnf(text));
  } else if (json_object) {
    STERNA_ASSIGN_OR_RETURN(syntax, sterna::grammar::JsonObjectSyntax());
  } else {
    STERNA_ASSIGN_OR_RETURN(const std::string text, TextOf(json_schema, json_schema_file));
    STERNA_ASSIGN_OR_RETURN(syntax, sterna::grammar::ParseJsonSchema(text));
  }
  STERNA_ASSIGN_OR_RETURN(sterna::grammar::Automaton automaton, sterna::grammar::Automaton::Compile(syntax));
  return std::optional(std::move(automaton));
}

}  // namespace sterna::cli
