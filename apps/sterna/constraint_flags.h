// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "flag_set.h"
#include "grammar/automaton.h"

namespace sterna::cli {

// What an answer must look like: at most one of a grammar, a JSON Schema, any JSON object.
struct ConstraintFlags {
  std::optional<std::string> grammar, grammar_file, json_schema, json_schema_file;
  bool json_object = false;

  void AddTo(FlagSet& flags);
  bool Given() const { return grammar || grammar_file || json_schema || json_schema_file || json_object; }
  // nullopt when no flag was given. InvalidArgument for several, and for what is no grammar or schema.
  Result<std::optional<sterna::grammar::Automaton>> Compile() const;
};

}  // namespace sterna::cli
