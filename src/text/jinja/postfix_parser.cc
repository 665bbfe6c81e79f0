// SPDX-License-Identifier: Apache-2.0
//
// What may follow a value: attributes, subscripts, calls, filters, tests; and lists of values.
#include <fmt/format.h>

#include <utility>

#include "base/status_macros.h"
#include "text/jinja/expression_parser.h"
#include "text/jinja/literals.h"

namespace sterna::text::jinja {

using Parsed = ExpressionParser::Parsed;

Parsed ExpressionParser::Postfix(ExpressionPointer value) {
  while (current().type == TokenType::kOperator) {
    if (AtOperator(".")) {
      STERNA_ASSIGN_OR_RETURN(value, Attribute(std::move(value)));
    } else if (AtOperator("[")) {
      STERNA_ASSIGN_OR_RETURN(value, Subscript(std::move(value)));
    } else if (AtOperator("(")) {
      STERNA_ASSIGN_OR_RETURN(value, Call(std::move(value)));
    } else {
      break;
    }
  }
  return value;
}

Parsed ExpressionParser::Filters(ExpressionPointer value) {
  while (true) {
    if (AtOperator("|")) {
      Next();
      STERNA_ASSIGN_OR_RETURN(value, Filter(std::move(value)));
    } else if (AtName("is")) {
      STERNA_ASSIGN_OR_RETURN(value, Test(std::move(value)));
    } else if (AtOperator("(")) {
      STERNA_ASSIGN_OR_RETURN(value, Call(std::move(value)));
    } else {
      return value;
    }
  }
}

Parsed ExpressionParser::FilterChain() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer chain, Filter(nullptr));
  while (SkipOperator("|")) {
    STERNA_ASSIGN_OR_RETURN(chain, Filter(std::move(chain)));
  }
  return chain;
}

Parsed ExpressionParser::Attribute(ExpressionPointer value) {
  ExpressionPointer made = Make(ExpressionKind::kAttribute, current().line);
  Next();
  made->items.push_back(std::move(value));
  if (current().type == TokenType::kInteger) {
    made->kind = ExpressionKind::kSubscript;
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer index, NumberPrimary());
    made->items.push_back(std::move(index));
    return Finish(std::move(made));
  }
  STERNA_ASSIGN_OR_RETURN(made->name, TakeName());
  return Finish(std::move(made));
}

// A part of a slice; nothing before a colon or bracket.
Result<ExpressionPointer> ExpressionParser::SlicePart() {
  if (AtOperator(":") || AtOperator("]")) return ExpressionPointer();
  return Conditional();
}

Parsed ExpressionParser::Subscript(ExpressionPointer value) {
  ExpressionPointer made = Make(ExpressionKind::kSubscript, current().line);
  Next();
  if (AtOperator("]")) return Unexpected();
  made->items.push_back(std::move(value));
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer first, SlicePart());
  made->items.push_back(std::move(first));
  if (SkipOperator(":")) {
    made->kind = ExpressionKind::kSlice;
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer end, SlicePart());
    made->items.push_back(std::move(end));
    ExpressionPointer step;
    if (SkipOperator(":")) {
      STERNA_ASSIGN_OR_RETURN(step, SlicePart());
    }
    made->items.push_back(std::move(step));
  }
  STERNA_RETURN_IF_ERROR(ExpectOperator("]"));
  return Finish(std::move(made));
}

Status ExpressionParser::CallArguments(Expression& call) {
  STERNA_RETURN_IF_ERROR(ExpectOperator("("));
  while (!AtOperator(")")) {
    if (!call.arguments.empty()) {
      STERNA_RETURN_IF_ERROR(ExpectOperator(","));
      if (AtOperator(")")) break;
    }
    if (AtOperator("*") || AtOperator("**")) {
      return Status::Unsupported(
          fmt::format("line {}: arguments with * or ** are not supported; write them out", current().line));
    }
    Argument argument;
    if (current().type == TokenType::kName && following().type == TokenType::kOperator && following().text == "=") {
      argument.name = current().text;
      Next();
      Next();
    } else if (!call.arguments.empty() && !call.arguments.back().name.empty()) {
      return Fail("an argument without a name follows one with a name; change their order");
    }
    STERNA_ASSIGN_OR_RETURN(argument.value, Conditional());
    call.arguments.push_back(std::move(argument));
  }
  Next();
  return {};
}

Parsed ExpressionParser::Call(ExpressionPointer value) {
  ExpressionPointer made = Make(ExpressionKind::kCall, current().line);
  made->items.push_back(std::move(value));
  STERNA_RETURN_IF_ERROR(CallArguments(*made));
  return Finish(std::move(made));
}

Parsed ExpressionParser::Filter(ExpressionPointer value) {
  ExpressionPointer made = Make(ExpressionKind::kFilter, current().line);
  made->items.push_back(std::move(value));
  STERNA_ASSIGN_OR_RETURN(made->name, TakeName());
  if (AtOperator("(")) {
    STERNA_RETURN_IF_ERROR(CallArguments(*made));
  }
  return Finish(std::move(made));
}

Parsed ExpressionParser::Test(ExpressionPointer value) {
  ExpressionPointer made = Make(ExpressionKind::kTest, current().line);
  const uint32_t line = current().line;
  Next();
  const bool negated = SkipName("not");
  made->items.push_back(std::move(value));
  STERNA_ASSIGN_OR_RETURN(made->name, TakeName());
  const TokenType type = current().type;
  const bool value_follows = type == TokenType::kName || type == TokenType::kString || type == TokenType::kInteger ||
                             type == TokenType::kFloat || AtOperator("[") || AtOperator("{");
  if (AtOperator("(")) {
    STERNA_RETURN_IF_ERROR(CallArguments(*made));
  } else if (AtName("is") || AtName("if")) {
    return Fail(fmt::format("'{}' may not follow a test; put the test in parentheses", current().text));
  } else if (value_follows && !AtName("else") && !AtName("or") && !AtName("and")) {
    Argument argument;
    STERNA_ASSIGN_OR_RETURN(argument.value, Primary());
    STERNA_ASSIGN_OR_RETURN(argument.value, Postfix(std::move(argument.value)));
    made->arguments.push_back(std::move(argument));
  }
  STERNA_ASSIGN_OR_RETURN(made, Finish(std::move(made)));
  return negated ? MakeUnary(ExpressionKind::kNot, line, std::move(made)) : Parsed(std::move(made));
}

bool ExpressionParser::AtTupleEnd() const {
  return current().type == TokenType::kVariableEnd || current().type == TokenType::kBlockEnd || AtOperator(")") ||
         AtName("in") || AtName("recursive") || AtOperator("=");
}

Parsed ExpressionParser::Tuple(bool conditional, bool may_be_empty) {
  ExpressionPointer made = Make(ExpressionKind::kTuple, current().line);
  bool is_tuple = false;
  while (!AtTupleEnd()) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer item, conditional ? Conditional() : Or());
    made->items.push_back(std::move(item));
    if (!SkipOperator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && !made->items.empty()) return std::move(made->items.front());
  if (!is_tuple && !may_be_empty) return Fail("an expression is missing");
  return Finish(std::move(made));
}

Parsed ExpressionParser::TargetName(bool attributes) {
  if (SkipOperator("(")) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer inside, Target(attributes));
    STERNA_RETURN_IF_ERROR(ExpectOperator(")"));
    return inside;
  }
  ExpressionPointer made = Make(ExpressionKind::kName, current().line);
  STERNA_ASSIGN_OR_RETURN(made->name, TakeName());
  for (const std::string_view word : {"true", "false", "none", "True", "False", "None"}) {
    if (made->name == word) return Fail(fmt::format("'{}' cannot be set; choose another name", word));
  }
  if (attributes && SkipOperator(".")) {
    made->kind = ExpressionKind::kAttributeOf;
    STERNA_ASSIGN_OR_RETURN(made->attribute, TakeName());
  }
  return made;
}

Parsed ExpressionParser::Target(bool attributes) {
  const Level level(*this);
  STERNA_RETURN_IF_ERROR(level.Check());
  ExpressionPointer made = Make(ExpressionKind::kTuple, current().line);
  bool is_tuple = false;
  while (!AtTupleEnd()) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer item, TargetName(attributes));
    made->items.push_back(std::move(item));
    if (!SkipOperator(",")) break;
    is_tuple = true;
  }
  if (made->items.empty()) return Fail("a name to set is missing");
  if (!is_tuple) return std::move(made->items.front());
  return Finish(std::move(made));
}

Result<std::vector<Argument>> ExpressionParser::Parameters() {
  std::vector<Argument> parameters;
  if (!SkipOperator("(")) return parameters;
  while (!AtOperator(")")) {
    if (!parameters.empty()) {
      STERNA_RETURN_IF_ERROR(ExpectOperator(","));
      if (AtOperator(")")) break;
    }
    Argument parameter;
    STERNA_ASSIGN_OR_RETURN(parameter.name, TakeName());
    if (SkipOperator("=")) {
      STERNA_ASSIGN_OR_RETURN(parameter.value, Conditional());
    } else if (!parameters.empty() && parameters.back().value) {
      return Fail("a parameter without a default follows one with a default; change their order");
    }
    parameters.push_back(std::move(parameter));
  }
  Next();
  return parameters;
}

}  // namespace sterna::text::jinja
