// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/expression_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "text/jinja/literals.h"
#include "text/jinja/parser.h"

namespace sterna::text::jinja {
namespace {

struct OperatorSign {
  std::string_view text;
  Operation operation;
};
constexpr OperatorSign kComparisons[] = {{"==", Operation::kEqual},  {"!=", Operation::kDiffers},
                                         {"<", Operation::kLess},    {"<=", Operation::kLessEqual},
                                         {">", Operation::kGreater}, {">=", Operation::kGreaterEqual}};
constexpr OperatorSign kSums[] = {{"+", Operation::kAdd}, {"-", Operation::kSubtract}};
constexpr OperatorSign kProducts[] = {
    {"*", Operation::kMultiply}, {"/", Operation::kDivide}, {"//", Operation::kFloorDivide}, {"%", Operation::kModulo}};

template <size_t N>
const OperatorSign* FindSign(const OperatorSign (&signs)[N], const Token& token) {
  if (token.type != TokenType::kOperator) return nullptr;
  const auto* found = std::find_if(signs, signs + N, [&](const OperatorSign& sign) { return sign.text == token.text; });
  return found == signs + N ? nullptr : found;
}

Status TooDeep(uint32_t line) {
  return Status::ResourceExhausted(
      fmt::format("line {}: nested more than {} levels deep; make the template flatter", line, kMaxNesting));
}

}  // namespace

Status ExpressionParser::Level::Check() const {
  return parser_.nesting_ > kMaxNesting ? TooDeep(parser_.current().line) : Status();
}

bool ExpressionParser::SkipName(std::string_view name) {
  if (!AtName(name)) return false;
  Next();
  return true;
}

bool ExpressionParser::SkipOperator(std::string_view text) {
  if (!AtOperator(text)) return false;
  Next();
  return true;
}

Status ExpressionParser::Unexpected() const {
  if (current().type == TokenType::kEnd) return Fail("the template ends inside a block; close it");
  const std::string_view text = current().text;
  return Fail(text.empty() ? std::string("a tag ends too early")
                           : fmt::format("unexpected '{}'", std::string(text.substr(0, 40))));
}

Status ExpressionParser::ExpectName(std::string_view name) {
  return SkipName(name) ? Status() : Fail(fmt::format("'{}' is missing", name));
}

Status ExpressionParser::ExpectOperator(std::string_view text) {
  return SkipOperator(text) ? Status() : Fail(fmt::format("'{}' is missing", text));
}

Status ExpressionParser::ExpectType(TokenType type, std::string_view what) {
  if (current().type != type)
    return current().type == TokenType::kEnd ? Unexpected() : Fail(fmt::format("'{}' is missing", what));
  Next();
  return {};
}

Result<std::string> ExpressionParser::TakeName() {
  if (current().type != TokenType::kName) return Fail("a name is missing");
  std::string name(current().text);
  Next();
  return name;
}

ExpressionPointer ExpressionParser::Make(ExpressionKind kind, uint32_t line) const {
  auto made = std::make_unique<Expression>();
  made->kind = kind;
  made->line = line;
  return made;
}

ExpressionParser::Parsed ExpressionParser::Finish(ExpressionPointer whole) const {
  uint32_t depth = 0;
  for (const ExpressionPointer& item : whole->items) depth = std::max(depth, item ? item->depth : 0);
  for (const Argument& argument : whole->arguments) depth = std::max(depth, argument.value->depth);
  whole->depth = depth + 1;
  if (whole->depth > kMaxNesting) return TooDeep(whole->line);
  return whole;
}

ExpressionParser::Parsed ExpressionParser::MakeUnary(ExpressionKind kind, uint32_t line, ExpressionPointer item) const {
  ExpressionPointer made = Make(kind, line);
  made->items.push_back(std::move(item));
  return Finish(std::move(made));
}

ExpressionParser::Parsed ExpressionParser::MakeBinary(ExpressionKind kind, Operation operation, ExpressionPointer left,
                                                      ExpressionPointer right) const {
  ExpressionPointer made = Make(kind, left->line);
  made->operation = operation;
  made->items.push_back(std::move(left));
  made->items.push_back(std::move(right));
  return Finish(std::move(made));
}

ExpressionParser::Parsed ExpressionParser::Conditional() {
  const Level level(*this);
  STERNA_RETURN_IF_ERROR(level.Check());
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer value, Or());
  while (AtName("if")) {
    ExpressionPointer made = Make(ExpressionKind::kConditional, current().line);
    Next();
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer condition, Or());
    ExpressionPointer other;
    if (SkipName("else")) {
      STERNA_ASSIGN_OR_RETURN(other, Conditional());
    }
    made->items.push_back(std::move(condition));
    made->items.push_back(std::move(value));
    made->items.push_back(std::move(other));
    STERNA_ASSIGN_OR_RETURN(value, Finish(std::move(made)));
  }
  return value;
}

ExpressionParser::Parsed ExpressionParser::Or() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer left, And());
  while (SkipName("or")) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer right, And());
    STERNA_ASSIGN_OR_RETURN(left, MakeBinary(ExpressionKind::kOr, {}, std::move(left), std::move(right)));
  }
  return left;
}

ExpressionParser::Parsed ExpressionParser::And() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer left, Not());
  while (SkipName("and")) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer right, Not());
    STERNA_ASSIGN_OR_RETURN(left, MakeBinary(ExpressionKind::kAnd, {}, std::move(left), std::move(right)));
  }
  return left;
}

ExpressionParser::Parsed ExpressionParser::Not() {
  if (!AtName("not")) return Compare();
  const Level level(*this);
  STERNA_RETURN_IF_ERROR(level.Check());
  const uint32_t line = current().line;
  Next();
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer item, Not());
  return MakeUnary(ExpressionKind::kNot, line, std::move(item));
}

bool ExpressionParser::TakeComparison(Operation& operation) {
  if (const OperatorSign* sign = FindSign(kComparisons, current())) {
    operation = sign->operation;
    Next();
    return true;
  }
  if (SkipName("in")) {
    operation = Operation::kIn;
    return true;
  }
  if (AtName("not") && following().type == TokenType::kName && following().text == "in") {
    operation = Operation::kNotIn;
    Next();
    Next();
    return true;
  }
  return false;
}

ExpressionParser::Parsed ExpressionParser::Compare() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer first, Sum());
  ExpressionPointer made = Make(ExpressionKind::kCompare, first->line);
  made->items.push_back(std::move(first));
  for (Operation operation{}; TakeComparison(operation);) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer next, Sum());
    made->items.push_back(std::move(next));
    made->operations.push_back(operation);
  }
  if (made->operations.empty()) return std::move(made->items.front());
  return Finish(std::move(made));
}

ExpressionParser::Parsed ExpressionParser::Sum() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer left, Concat());
  while (const OperatorSign* sign = FindSign(kSums, current())) {
    Next();
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer right, Concat());
    STERNA_ASSIGN_OR_RETURN(
        left, MakeBinary(ExpressionKind::kArithmetic, sign->operation, std::move(left), std::move(right)));
  }
  return left;
}

ExpressionParser::Parsed ExpressionParser::Concat() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer first, Product());
  if (!AtOperator("~")) return first;
  ExpressionPointer made = Make(ExpressionKind::kConcat, first->line);
  made->items.push_back(std::move(first));
  while (SkipOperator("~")) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer next, Product());
    made->items.push_back(std::move(next));
  }
  return Finish(std::move(made));
}

ExpressionParser::Parsed ExpressionParser::Product() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer left, Power());
  while (const OperatorSign* sign = FindSign(kProducts, current())) {
    Next();
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer right, Power());
    STERNA_ASSIGN_OR_RETURN(
        left, MakeBinary(ExpressionKind::kArithmetic, sign->operation, std::move(left), std::move(right)));
  }
  return left;
}

ExpressionParser::Parsed ExpressionParser::Power() {
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer left, Unary(true));
  while (SkipOperator("**")) {
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer right, Unary(true));
    STERNA_ASSIGN_OR_RETURN(
        left, MakeBinary(ExpressionKind::kArithmetic, Operation::kPower, std::move(left), std::move(right)));
  }
  return left;
}

ExpressionParser::Parsed ExpressionParser::Unary(bool with_filters) {
  const Level level(*this);
  STERNA_RETURN_IF_ERROR(level.Check());
  ExpressionPointer value;
  const uint32_t line = current().line;
  if (AtOperator("-") || AtOperator("+")) {
    const ExpressionKind kind = AtOperator("-") ? ExpressionKind::kNegate : ExpressionKind::kPlus;
    Next();
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer item, Unary(false));
    STERNA_ASSIGN_OR_RETURN(value, MakeUnary(kind, line, std::move(item)));
  } else {
    STERNA_ASSIGN_OR_RETURN(value, Primary());
  }
  STERNA_ASSIGN_OR_RETURN(value, Postfix(std::move(value)));
  return with_filters ? Filters(std::move(value)) : Parsed(std::move(value));
}

ExpressionParser::Parsed ExpressionParser::Primary() {
  const Token& token = current();
  if (token.type == TokenType::kName) return NamePrimary();
  if (token.type == TokenType::kString) return StringPrimary();
  if (token.type == TokenType::kInteger || token.type == TokenType::kFloat) return NumberPrimary();
  if (AtOperator("[")) return ListPrimary();
  if (AtOperator("{")) return DictPrimary();
  if (!SkipOperator("(")) return Unexpected();
  STERNA_ASSIGN_OR_RETURN(ExpressionPointer inside, Tuple(/*conditional=*/true, /*may_be_empty=*/true));
  STERNA_RETURN_IF_ERROR(ExpectOperator(")"));
  return inside;
}

ExpressionParser::Parsed ExpressionParser::NamePrimary() {
  const std::string_view name = current().text;
  ExpressionPointer made = Make(ExpressionKind::kConstant, current().line);
  Next();
  if (name == "true" || name == "True") {
    made->constant = Value::Bool(true);
  } else if (name == "false" || name == "False") {
    made->constant = Value::Bool(false);
  } else if (name == "none" || name == "None") {
    made->constant = Value::None();
  } else {
    made->kind = ExpressionKind::kName;
    made->name = name;
  }
  return made;
}

ExpressionParser::Parsed ExpressionParser::StringPrimary() {
  ExpressionPointer made = Make(ExpressionKind::kText, current().line);
  while (current().type == TokenType::kString) {  // neighbours are one string
    STERNA_ASSIGN_OR_RETURN(const std::string bytes, UnescapeLiteral(current().text, current().line));
    made->text.Append(bytes, /*trusted=*/true);
    Next();
  }
  return made;
}

ExpressionParser::Parsed ExpressionParser::NumberPrimary() {
  ExpressionPointer made = Make(ExpressionKind::kConstant, current().line);
  STERNA_ASSIGN_OR_RETURN(made->constant, NumberLiteral(current()));
  Next();
  return made;
}

ExpressionParser::Parsed ExpressionParser::ListPrimary() {
  ExpressionPointer made = Make(ExpressionKind::kList, current().line);
  Next();
  while (!AtOperator("]")) {
    if (!made->items.empty()) {
      STERNA_RETURN_IF_ERROR(ExpectOperator(","));
      if (AtOperator("]")) break;
    }
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer item, Conditional());
    made->items.push_back(std::move(item));
  }
  Next();
  return Finish(std::move(made));
}

ExpressionParser::Parsed ExpressionParser::DictPrimary() {
  ExpressionPointer made = Make(ExpressionKind::kDict, current().line);
  Next();
  while (!AtOperator("}")) {
    if (!made->items.empty()) {
      STERNA_RETURN_IF_ERROR(ExpectOperator(","));
      if (AtOperator("}")) break;
    }
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer key, Conditional());
    STERNA_RETURN_IF_ERROR(ExpectOperator(":"));
    STERNA_ASSIGN_OR_RETURN(ExpressionPointer value, Conditional());
    made->items.push_back(std::move(key));
    made->items.push_back(std::move(value));
  }
  Next();
  return Finish(std::move(made));
}

}  // namespace sterna::text::jinja
