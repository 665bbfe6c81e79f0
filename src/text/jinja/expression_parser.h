// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/jinja/ast.h"
#include "text/jinja/lexer.h"

namespace sterna::text::jinja {

// Expressions with Python's precedence, as Jinja orders it. A reading head over the tokens of one template.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  using Parsed = Result<ExpressionPointer>;

  const Token& current() const { return tokens_[position_]; }
  const Token& following() const { return tokens_[std::min(position_ + 1, tokens_.size() - 1)]; }
  void Next() {
    if (position_ + 1 < tokens_.size()) ++position_;
  }
  bool AtName(std::string_view name) const { return current().type == TokenType::kName && current().text == name; }
  bool AtOperator(std::string_view text) const {
    return current().type == TokenType::kOperator && current().text == text;
  }
  bool SkipName(std::string_view name);
  bool SkipOperator(std::string_view text);
  Status ExpectName(std::string_view name);
  Status ExpectOperator(std::string_view text);
  Status ExpectType(TokenType type, std::string_view what);
  Result<std::string> TakeName();
  Status Unexpected() const;
  Status Fail(std::string_view what) const { return SyntaxError(current().line, what); }

  Parsed Conditional();
  Parsed Or();
  // One expression, or several with commas between them as a tuple; `conditional`: with "a if b else c" inside.
  Parsed Tuple(bool conditional, bool may_be_empty = false);
  // A name, name.attribute (`attributes`), or a tuple of those, as in {% set a, b = ... %}.
  Parsed Target(bool attributes);
  Parsed Filters(ExpressionPointer value);
  // What follows `{% filter` or `{% set x |`: a filter without a value, and more behind it.
  Parsed FilterChain();
  Parsed Unary(bool with_filters);
  // `(name, name=default)` behind a macro or call; empty without parentheses.
  Result<std::vector<Argument>> Parameters();

  // Counts one level of nesting as long as it lives.
  class Level {
   public:
    explicit Level(ExpressionParser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Level() { --parser_.nesting_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    Status Check() const;

   private:
    ExpressionParser& parser_;
  };

 private:
  ExpressionPointer Make(ExpressionKind kind, uint32_t line) const;
  // Takes the parts in and bounds the depth of the whole.
  Parsed Finish(ExpressionPointer whole) const;
  Parsed MakeUnary(ExpressionKind kind, uint32_t line, ExpressionPointer item) const;
  Parsed MakeBinary(ExpressionKind kind, Operation operation, ExpressionPointer left, ExpressionPointer right) const;

  Parsed And();
  Parsed Not();
  Parsed Compare();
  bool TakeComparison(Operation& operation);
  Parsed Sum();
  Parsed Concat();
  Parsed Product();
  Parsed Power();
  Parsed Primary();
  Parsed NamePrimary();
  Parsed StringPrimary();
  Parsed NumberPrimary();
  Parsed ListPrimary();
  Parsed DictPrimary();
  Parsed Postfix(ExpressionPointer value);
  Parsed Attribute(ExpressionPointer value);
  Parsed Subscript(ExpressionPointer value);
  Result<ExpressionPointer> SlicePart();
  Parsed Call(ExpressionPointer value);
  Parsed Filter(ExpressionPointer value);
  Parsed Test(ExpressionPointer value);
  Parsed TargetName(bool attributes);
  Status CallArguments(Expression& call);
  bool AtTupleEnd() const;

  std::vector<Token> tokens_;
  size_t position_ = 0;
  uint32_t nesting_ = 0;
};

}  // namespace sterna::text::jinja
