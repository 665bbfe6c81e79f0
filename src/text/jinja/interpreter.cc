// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/interpreter.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/printing.h"

namespace sterna::text::jinja {

Result<MarkedText> Interpreter::Run(const Block& block,
                                    const std::vector<std::pair<std::string_view, Value>>& variables) {
  STERNA_ASSIGN_OR_RETURN(Scope * globals, heap().NewScope(nullptr));
  for (const NamedFunction& function : GlobalFunctions(now().has_value())) {
    STERNA_ASSIGN_OR_RETURN(const Value value,
                            heap().NewCallable({.name = function.name, .function = function.function}));
    globals->variables.emplace_back(function.name, value);
  }
  for (const auto& [name, value] : variables) {
    STERNA_RETURN_IF_ERROR(SetVariable(name, value, *globals));
  }
  STERNA_ASSIGN_OR_RETURN(Scope * scope, heap().NewScope(globals));
  STERNA_RETURN_IF_ERROR(Execute(block, *scope).status());
  return output_.Take();
}

Status Interpreter::WithLine(uint32_t line, const Status& status) {
  if (located_) return status;
  located_ = true;
  return {status.code(), fmt::format("line {}: {}", line, status.message())};
}

Result<Interpreter::Flow> Interpreter::Execute(const Block& block, Scope& scope) {
  const Level level(*this);
  STERNA_RETURN_IF_ERROR(level.Check());
  for (const auto& statement : block) {
    STERNA_ASSIGN_OR_RETURN(const Flow flow, ExecuteOne(*statement, scope));
    if (flow != Flow::kOn) return flow;
  }
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::ExecuteOne(const Statement& statement, Scope& scope) {
  if (const Status status = heap().Step(); !status.ok()) return WithLine(statement.line, status);
  Result<Flow> flow = ExecuteKind(statement, scope);
  if (!flow.ok()) return WithLine(statement.line, flow.status());
  return flow;
}

Result<Interpreter::Flow> Interpreter::ExecuteKind(const Statement& statement, Scope& scope) {
  switch (statement.kind) {
    case StatementKind::kText: STERNA_RETURN_IF_ERROR(Write(Value::String(&statement.text))); return Flow::kOn;
    case StatementKind::kOutput: {
      STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.value, scope));
      STERNA_RETURN_IF_ERROR(Write(value));
      return Flow::kOn;
    }
    case StatementKind::kIf: return If(statement, scope);
    case StatementKind::kFor: return For(statement, scope);
    case StatementKind::kSet: return Set(statement, scope);
    case StatementKind::kSetBlock: return SetBlock(statement, scope);
    case StatementKind::kMacro: return DefineMacro(statement, scope);
    case StatementKind::kCallBlock: return CallBlock(statement, scope);
    case StatementKind::kFilterBlock: return FilterBlock(statement, scope);
    case StatementKind::kWith: return With(statement, scope);
    case StatementKind::kGeneration: {
      STERNA_ASSIGN_OR_RETURN(Scope * inner, heap().NewScope(&scope));
      return Execute(statement.body, *inner);
    }
    case StatementKind::kBreak: return Flow::kBreak;
    case StatementKind::kContinue: return Flow::kContinue;
  }
  return Flow::kOn;
}

Status Interpreter::Write(const Value& value) {
  STERNA_RETURN_IF_ERROR(Print(*out_, value));
  if (out_->size() <= heap().limits().max_output_bytes) return {};
  return Status::ResourceExhausted(
      fmt::format("the output is over {} bytes; make it shorter", heap().limits().max_output_bytes));
}

Result<Interpreter::Flow> Interpreter::If(const Statement& statement, Scope& scope) {
  for (const Branch& branch : statement.branches) {
    bool taken = true;
    if (branch.condition) {
      STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*branch.condition, scope));
      taken = IsTrue(value);
    }
    if (taken) return Execute(branch.body, scope);
  }
  return Flow::kOn;
}

// What is gone through: all items, or those that the loop's `if` keeps.
Result<const List*> Interpreter::LoopItems(const Statement& statement, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.value, scope));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(heap(), value));
  if (!statement.condition) return items;
  STERNA_ASSIGN_OR_RETURN(Scope * inner, heap().NewScope(&scope));
  List kept;
  for (const Value& item : *items) {
    STERNA_RETURN_IF_ERROR(Assign(*statement.target, item, *inner));
    STERNA_ASSIGN_OR_RETURN(const Value keeps, Evaluate(*statement.condition, *inner));
    if (IsTrue(keeps)) kept.push_back(item);
  }
  STERNA_ASSIGN_OR_RETURN(const Value list, heap().NewList(std::move(kept)));
  return &list.list();
}

Status Interpreter::OneRound(const Statement& statement, const Value& loop, Scope& scope, Flow& flow) {
  STERNA_RETURN_IF_ERROR(SetVariable("loop", loop, scope));
  STERNA_RETURN_IF_ERROR(Assign(*statement.target, (*loop.loop().items)[loop.loop().index], scope));
  STERNA_ASSIGN_OR_RETURN(flow, Execute(statement.body, scope));
  return {};
}

Result<Interpreter::Flow> Interpreter::For(const Statement& statement, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const List* items, LoopItems(statement, scope));
  if (items->empty()) {
    STERNA_ASSIGN_OR_RETURN(Scope * otherwise, heap().NewScope(&scope));
    return Execute(statement.otherwise, *otherwise);
  }
  STERNA_ASSIGN_OR_RETURN(const Value loop, heap().NewLoop(items));
  Scope* inner = nullptr;
  for (size_t i = 0; i < items->size(); ++i) {
    STERNA_RETURN_IF_ERROR(heap().Step());
    if (inner == nullptr || inner->captured) {
      STERNA_ASSIGN_OR_RETURN(inner, heap().NewScope(&scope));
    }
    inner->variables.clear();
    loop.loop().index = i;
    Flow flow = Flow::kOn;
    STERNA_RETURN_IF_ERROR(OneRound(statement, loop, *inner, flow));
    if (flow == Flow::kBreak) break;
  }
  return Flow::kOn;
}

Status Interpreter::SetVariable(std::string_view name, const Value& value, Scope& scope) {
  STERNA_RETURN_IF_ERROR(heap().Step(1 + scope.variables.size() / 8));
  for (auto& [known, held] : scope.variables) {
    if (known != name) continue;
    held = value;
    return {};
  }
  if (scope.variables.size() == scope.variables.capacity()) {  // a loop's scope keeps its room from round to round
    STERNA_RETURN_IF_ERROR(heap().Charge((1 + scope.variables.size()) * sizeof(Value) * 2));
  }
  scope.variables.emplace_back(name, value);
  return {};
}

Status Interpreter::Assign(const Expression& target, const Value& value, Scope& scope) {
  if (target.kind == ExpressionKind::kName) return SetVariable(target.name, value, scope);
  if (target.kind == ExpressionKind::kAttributeOf) {
    STERNA_ASSIGN_OR_RETURN(const Value object, Lookup(target.name, scope));
    if (!object.Is(Kind::kNamespace)) {
      return Status::InvalidArgument(fmt::format("'{}' is no namespace, so its attributes cannot be set", target.name));
    }
    auto& attributes = object.space().attributes;
    STERNA_RETURN_IF_ERROR(heap().Step(1 + attributes.size() / 8));
    for (auto& [name, held] : attributes) {
      if (*name != target.attribute) continue;
      held = value;
      return {};
    }
    STERNA_RETURN_IF_ERROR(heap().Charge(sizeof(Value) * 2));
    attributes.emplace_back(&target.attribute, value);
    return {};
  }
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(heap(), value));
  if (items->size() != target.items.size()) {
    return Status::InvalidArgument(
        fmt::format("{} names cannot be set to {} values", target.items.size(), items->size()));
  }
  for (size_t i = 0; i < items->size(); ++i) {
    STERNA_RETURN_IF_ERROR(Assign(*target.items[i], (*items)[i], scope));
  }
  return {};
}

Result<Interpreter::Flow> Interpreter::Set(const Statement& statement, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.value, scope));
  STERNA_RETURN_IF_ERROR(Assign(*statement.target, value, scope));
  return Flow::kOn;
}

Result<Value> Interpreter::Capture(const Block& block, Scope& parent, Flow& flow) {
  STERNA_ASSIGN_OR_RETURN(Scope * scope, heap().NewScope(&parent));
  TextBuilder captured(heap());
  TextBuilder* outer = std::exchange(out_, &captured);
  const Result<Flow> executed = Execute(block, *scope);
  out_ = outer;
  if (!executed.ok()) return executed.status();
  flow = *executed;
  return captured.Finish();
}

Result<Interpreter::Flow> Interpreter::SetBlock(const Statement& statement, Scope& scope) {
  Flow flow = Flow::kOn;
  STERNA_ASSIGN_OR_RETURN(Value value, Capture(statement.body, scope, flow));
  if (flow != Flow::kOn) return flow;
  if (statement.value) {
    STERNA_ASSIGN_OR_RETURN(value, Filter(*statement.value, scope, &value));
  }
  STERNA_RETURN_IF_ERROR(Assign(*statement.target, value, scope));
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::FilterBlock(const Statement& statement, Scope& scope) {
  Flow flow = Flow::kOn;
  STERNA_ASSIGN_OR_RETURN(Value value, Capture(statement.body, scope, flow));
  if (flow != Flow::kOn) return flow;
  STERNA_ASSIGN_OR_RETURN(value, Filter(*statement.value, scope, &value));
  STERNA_RETURN_IF_ERROR(Write(value));
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::With(const Statement& statement, Scope& scope) {
  STERNA_ASSIGN_OR_RETURN(Scope * inner, heap().NewScope(&scope));
  for (const Argument& variable : statement.parameters) {
    STERNA_ASSIGN_OR_RETURN(const Value value, Evaluate(*variable.value, scope));
    STERNA_RETURN_IF_ERROR(SetVariable(variable.name, value, *inner));
  }
  return Execute(statement.body, *inner);
}

Result<Interpreter::Flow> Interpreter::DefineMacro(const Statement& statement, Scope& scope) {
  scope.captured = true;
  STERNA_ASSIGN_OR_RETURN(const Value macro,
                          heap().NewCallable({.name = statement.name, .macro = &statement, .scope = &scope}));
  STERNA_RETURN_IF_ERROR(SetVariable(statement.name, macro, scope));
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::CallBlock(const Statement& statement, Scope& scope) {
  scope.captured = true;
  STERNA_ASSIGN_OR_RETURN(const Value caller,
                          heap().NewCallable({.name = "caller", .macro = &statement, .scope = &scope}));
  STERNA_ASSIGN_OR_RETURN(const Value value, CallExpression(*statement.value, scope, &caller));
  STERNA_RETURN_IF_ERROR(Write(value));
  return Flow::kOn;
}

Result<Value> Interpreter::Call(const Value& callee, const Arguments& arguments) {
  if (!callee.Is(Kind::kCallable)) return KindError("call", callee);
  const Callable& callable = callee.callable();
  if (callable.function != nullptr) return callable.function(*this, callable.self, arguments);
  return CallMacro(callable, arguments);
}

Status Interpreter::BindParameters(const Statement& macro, const Arguments& arguments, Scope& scope) {
  const auto& parameters = macro.parameters;
  if (arguments.positional.size() > parameters.size()) {
    return Status::InvalidArgument(fmt::format("macro '{}' takes {} arguments; {} are given", macro.name,
                                               parameters.size(), arguments.positional.size()));
  }
  size_t named = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    std::optional<Value> value;
    if (i < arguments.positional.size()) value = arguments.positional[i];
    for (const auto& [name, given] : arguments.named) {
      if (name != parameters[i].name) continue;
      if (value) return Status::InvalidArgument(fmt::format("macro '{}' is given '{}' twice", macro.name, name));
      value = given;
      ++named;
    }
    if (!value && parameters[i].value) {
      STERNA_ASSIGN_OR_RETURN(value, Evaluate(*parameters[i].value, scope));
    }
    STERNA_RETURN_IF_ERROR(
        SetVariable(parameters[i].name, value.value_or(Value::Undefined(&parameters[i].name)), scope));
  }
  for (const auto& [name, given] : arguments.named) {
    if (name != "caller") continue;
    STERNA_RETURN_IF_ERROR(SetVariable("caller", given, scope));
    ++named;
  }
  if (named == arguments.named.size()) return {};
  return Status::InvalidArgument(fmt::format("macro '{}' is given an argument that it does not have", macro.name));
}

Result<Value> Interpreter::CallMacro(const Callable& macro, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(heap().Step(1 + macro.macro->parameters.size() * (1 + arguments.named.size())));
  STERNA_ASSIGN_OR_RETURN(Scope * scope, heap().NewScope(macro.scope));
  STERNA_RETURN_IF_ERROR(BindParameters(*macro.macro, arguments, *scope));
  Flow flow = Flow::kOn;
  return Capture(macro.macro->body, *scope, flow);
}

}  // namespace sterna::text::jinja
