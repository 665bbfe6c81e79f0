// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/status.h"
#include "text/jinja/ast.h"
#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

// Runs one template once. The tree and the names of the variables must outlive it.
class Interpreter final : public Runtime {
 public:
  Interpreter(const Limits& limits, std::optional<CivilTime> now) : Runtime(limits, now), output_(heap()) {}

  Result<MarkedText> Run(const Block& block, const std::vector<std::pair<std::string_view, Value>>& variables);
  Result<Value> Call(const Value& callee, const Arguments& arguments) override;

 private:
  enum class Flow : uint8_t { kOn, kBreak, kContinue };

  // Statements (interpreter.cc).
  Result<Flow> Execute(const Block& block, Scope& scope);
  Result<Flow> ExecuteOne(const Statement& statement, Scope& scope);
  Result<Flow> ExecuteKind(const Statement& statement, Scope& scope);
  Result<Flow> If(const Statement& statement, Scope& scope);
  Result<Flow> For(const Statement& statement, Scope& scope);
  Result<const List*> LoopItems(const Statement& statement, Scope& scope);
  Status OneRound(const Statement& statement, const Value& loop, Scope& scope, Flow& flow);
  Result<Flow> Set(const Statement& statement, Scope& scope);
  Result<Flow> SetBlock(const Statement& statement, Scope& scope);
  Result<Flow> DefineMacro(const Statement& statement, Scope& scope);
  Result<Flow> CallBlock(const Statement& statement, Scope& scope);
  Result<Flow> FilterBlock(const Statement& statement, Scope& scope);
  Result<Flow> With(const Statement& statement, Scope& scope);
  Status Write(const Value& value);
  // What the block would have written. `flow` says whether a loop around it is to be left.
  Result<Value> Capture(const Block& block, Scope& parent, Flow& flow);
  Status Assign(const Expression& target, const Value& value, Scope& scope);
  Status SetVariable(std::string_view name, const Value& value, Scope& scope);
  Result<Value> CallMacro(const Callable& macro, const Arguments& arguments);
  Status BindParameters(const Statement& macro, const Arguments& arguments, Scope& scope);
  Status WithLine(uint32_t line, const Status& status);

  // Expressions (evaluate.cc).
  Result<Value> Evaluate(const Expression& expression, Scope& scope);
  Result<Value> EvaluateKind(const Expression& expression, Scope& scope);
  Result<Value> Lookup(const std::string& name, const Scope& scope);
  Result<Value> Collection(const Expression& expression, Scope& scope);
  Result<Value> Mapping(const Expression& expression, Scope& scope);
  Result<Value> Logic(const Expression& expression, Scope& scope);
  Result<Value> Unary(const Expression& expression, Scope& scope);
  Result<Value> Binary(const Expression& expression, Scope& scope);
  Result<Value> Comparison(const Expression& expression, Scope& scope);
  Result<Value> Concat(const Expression& expression, Scope& scope);
  Result<Value> Choice(const Expression& expression, Scope& scope);
  Result<Value> Cut(const Expression& expression, Scope& scope);
  Result<Value> CallExpression(const Expression& expression, Scope& scope, const Value* caller);
  Result<Value> Filter(const Expression& expression, Scope& scope, const Value* input);
  Result<Value> Test(const Expression& expression, Scope& scope);
  Status EvaluateArguments(const std::vector<Argument>& from, Scope& scope, Arguments& to);

  TextBuilder output_;
  TextBuilder* out_ = &output_;
  bool located_ = false;  // an error on its way up names its line already
};

}  // namespace sterna::text::jinja
