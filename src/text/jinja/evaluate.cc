// SPDX-License-Identifier: Apache-2.0
#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/printing.h"

namespace sterna::text::jinja {

Result<Value> Interpreter::Evaluate(const Expression& expression, Scope& scope) {
  const Level level(*this);
  Status status = level.Check();
  if (status.ok()) status = heap().Step();
  if (!status.ok()) return WithLine(expression.line, status);
  Result<Value> value = EvaluateKind(expression, scope);
  if (!value.ok()) return WithLine(expression.line, value.status());
  return value;
}

Result<Value> Interpreter::EvaluateKind(const Expression& expression, Scope& scope) {
  switch (expression.kind) {
    case ExpressionKind::kText: return Value::String(&expression.text);
    case ExpressionKind::kConstant: return expression.constant;
    case ExpressionKind::kName:
    case ExpressionKind::kAttributeOf: return Lookup(expression.name, scope);
    case ExpressionKind::kTuple:
    case ExpressionKind::kList: return Collection(expression, scope);
    case ExpressionKind::kDict: return Mapping(expression, scope);
    case ExpressionKind::kNot:
    case ExpressionKind::kNegate:
    case ExpressionKind::kPlus: return Unary(expression, scope);
    case ExpressionKind::kAnd:
    case ExpressionKind::kOr: return Logic(expression, scope);
    case ExpressionKind::kArithmetic:
    case ExpressionKind::kSubscript: return Binary(expression, scope);
    case ExpressionKind::kCompare: return Comparison(expression, scope);
    case ExpressionKind::kConcat: return Concat(expression, scope);
    case ExpressionKind::kConditional: return Choice(expression, scope);
    case ExpressionKind::kAttribute: {
      STERNA_ASSIGN_OR_RETURN(const Value object, Evaluate(*expression.items[0], scope));
      return Attribute(*this, object, expression.name);
    }
    case ExpressionKind::kSlice: return Cut(expression, scope);
    case ExpressionKind::kCall: return CallExpression(expression, scope, nullptr);
    case ExpressionKind::kFilter: return Filter(expression, scope, nullptr);
    case ExpressionKind::kTest: return Test(expression, scope);
  }
  return Value();
}

Result<Value> Interpreter::Lookup(const std::string& name, const Scope& scope) {
  for (const Scope* at = &scope; at != nullptr; at = at->parent) {
    STERNA_RETURN_IF_ERROR(heap().Step(at->variables.size() / 8));
    for (const auto& [known, value] : at->variables) {
      if (known == name) return value;
    }
  }
  return Value::Undefined(&name);
}

Result<Value> Interpreter::Collection(const Expression& expression, Scope& scope) {
  List items;
  for (const ExpressionPointer& item : expression.items) {
    STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*item, scope));
    items.push_back(value);
  }
  return heap().NewList(std::move(items), expression.kind == ExpressionKind::kTuple);
}

Result<Value> Interpreter::Mapping(const Expression& expression, Scope& scope) {
  Dict dict;
  for (size_t i = 0; i < expression.items.size(); i += 2) {
    STERNA_ASSIGN_OR_RETURN(const Value key, Evaluate(*expression.items[i], scope));
    STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*expression.items[i + 1], scope));
    STERNA_RETURN_IF_ERROR(PutKey(heap(), dict, key, value));
  }
  return heap().NewDict(std::move(dict));
}

Result<Value> Interpreter::Logic(const Expression& expression, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value left, Evaluate(*expression.items[0], scope));
  const bool decided = IsTrue(left) == (expression.kind == ExpressionKind::kOr);
  return decided ? Result<Value>(left) : Evaluate(*expression.items[1], scope);
}

Result<Value> Interpreter::Unary(const Expression& expression, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*expression.items[0], scope));
  if (expression.kind == ExpressionKind::kNot) return Value::Bool(!IsTrue(value));
  if (expression.kind == ExpressionKind::kNegate) return Negated(value);
  if (!value.IsNumber()) return KindError("put a sign before", value);
  return value.Is(Kind::kFloat) ? value : Value::Int(value.integer());
}

Result<Value> Interpreter::Binary(const Expression& expression, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value left, Evaluate(*expression.items[0], scope));
  STERNA_ASSIGN_OR_RETURN(const Value right, Evaluate(*expression.items[1], scope));
  if (expression.kind == ExpressionKind::kSubscript) return Subscript(*this, left, right);
  return Arithmetic(heap(), expression.operation, left, right);
}

Result<Value> Interpreter::Comparison(const Expression& expression, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(Value left, Evaluate(*expression.items[0], scope));
  for (size_t i = 0; i < expression.operations.size(); ++i) {
    STERNA_ASSIGN_OR_RETURN(const Value right, Evaluate(*expression.items[i + 1], scope));
    STERNA_ASSIGN_OR_RETURN(const bool holds, Compare(heap(), expression.operations[i], left, right));
    if (!holds) return Value::Bool(false);
    left = right;
  }
  return Value::Bool(true);
}

Result<Value> Interpreter::Concat(const Expression& expression, Scope& scope) {
  TextBuilder built(heap());
  for (const ExpressionPointer& item : expression.items) {
    STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*item, scope));
    STERNA_RETURN_IF_ERROR(Print(built, value));
  }
  return built.Finish();
}

Result<Value> Interpreter::Choice(const Expression& expression, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value condition, Evaluate(*expression.items[0], scope));
  const ExpressionPointer& chosen = expression.items[IsTrue(condition) ? 1 : 2];
  return chosen ? Evaluate(*chosen, scope) : Result<Value>(Value());
}

Result<Value> Interpreter::Cut(const Expression& expression, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value object, Evaluate(*expression.items[0], scope));
  std::optional<Value> bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    if (!expression.items[i + 1]) continue;
    STERNA_ASSIGN_OR_RETURN(bounds[i], Evaluate(*expression.items[i + 1], scope));
  }
  return Slice(*this, object, bounds);
}

Status Interpreter::EvaluateArguments(const std::vector<Argument>& from, Scope& scope, Arguments& to) {
  for (const Argument& argument : from) {
    STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*argument.value, scope));
    if (argument.name.empty()) {
      to.positional.push_back(value);
    } else {
      to.named.emplace_back(argument.name, value);
    }
  }
  return {};
}

Result<Value> Interpreter::CallExpression(const Expression& expression, Scope& scope, const Value* caller) {
  STERNA_ASSIGN_OR_RETURN(const Value callee, Evaluate(*expression.items[0], scope));
  Arguments arguments;
  STERNA_RETURN_IF_ERROR(EvaluateArguments(expression.arguments, scope, arguments));
  if (caller != nullptr) arguments.named.emplace_back("caller", *caller);
  return Call(callee, arguments);
}

Result<Value> Interpreter::Filter(const Expression& expression, Scope& scope, const Value* input) {
  const Level level(*this);
  STERNA_RETURN_IF_ERROR(level.Check());
  Value value;
  if (!expression.items[0]) {
    value = *input;  // the first filter of a chain that has no value of its own
  } else if (input != nullptr && expression.items[0]->kind == ExpressionKind::kFilter) {
    STERNA_ASSIGN_OR_RETURN(value, Filter(*expression.items[0], scope, input));
  } else {
    STERNA_ASSIGN_OR_RETURN(value, Evaluate(*expression.items[0], scope));
  }
  Arguments arguments;
  STERNA_RETURN_IF_ERROR(EvaluateArguments(expression.arguments, scope, arguments));
  return ApplyFilter(*this, expression.name, value, arguments);
}

Result<Value> Interpreter::Test(const Expression& expression, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*expression.items[0], scope));
  Arguments arguments;
  STERNA_RETURN_IF_ERROR(EvaluateArguments(expression.arguments, scope, arguments));
  STERNA_ASSIGN_OR_RETURN(const bool holds, ApplyTest(*this, expression.name, value, arguments));
  return Value::Bool(holds);
}

}  // namespace sterna::text::jinja
