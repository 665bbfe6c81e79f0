// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "grammar/schema_context.h"
#include "grammar/schema_keywords.h"

namespace sterna::grammar {

// Turns a schema into rules. References become rules, compiled one after the other, so recursion in a schema is none
// here; what nests in the text nests here, and kMaxNesting bounds it.
class SchemaCompiler {
 public:
  SchemaCompiler(const JsonNode& root, SchemaGrammar& grammar)
      : root_(root), grammar_(grammar), syntax_(grammar.syntax) {}

  // The rule for the whole schema.
  Result<RuleId> Compile();

 private:
  struct Property {
    std::string name;
    SchemaPlace schema;  // without a node: any value
    bool required = false;
  };
  // An object's members, of one schema or of several that must all hold.
  struct ObjectShape {
    std::vector<Property> properties;  // in the order in which they are written
    std::unordered_map<std::string, size_t> index;
    bool open = false;   // further members may follow
    SchemaPlace others;  // their schema; without a node: any value
  };

  // Schemas that must all hold, each once however often it is referred to.
  struct Parts {
    std::vector<SchemaPlace> all;
    std::unordered_map<const JsonNode*, bool> done;  // of those met; false while one is being looked into
  };

  Result<ExpressionId> Schema(const SchemaPlace& schema);
  Result<ExpressionId> Value(const SchemaPlace& schema, TypeSet types);
  Result<ExpressionId> ValueOfType(const SchemaPlace& schema, TypeSet type);
  // A call of the schema's own rule, which is compiled later.
  ExpressionId RuleOf(const SchemaPlace& target);
  Result<SchemaPlace> Resolve(const SchemaPlace& schema) const;
  Result<ExpressionId> Constants(const SchemaPlace& schema, const char* keyword);
  Result<ExpressionId> Choices(const SchemaPlace& schema, const char* keyword);
  Result<ExpressionId> AllOf(const SchemaPlace& schema);
  Status CollectParts(const SchemaPlace& schema, size_t depth, Parts& parts) const;

  Result<ExpressionId> Object(const SchemaPlace& schema);
  Status AddToShape(const SchemaPlace& schema, ObjectShape& shape) const;
  Status AddRequired(const SchemaPlace& schema, ObjectShape& shape) const;
  Result<ExpressionId> ObjectOfShape(const ObjectShape& shape);
  Result<ExpressionId> Array(const SchemaPlace& schema);
  Result<ExpressionId> List(const std::vector<ExpressionId>& first, uint32_t min, uint32_t max,
                            const ExpressionId* rest);

  ExpressionId Blank() { return grammar_.Call("ws"); }

  const JsonNode& root_;
  SchemaGrammar& grammar_;
  Syntax& syntax_;
  std::unordered_map<const JsonNode*, RuleId> references_;
  std::vector<std::pair<SchemaPlace, RuleId>> pending_;
};

}  // namespace sterna::grammar
