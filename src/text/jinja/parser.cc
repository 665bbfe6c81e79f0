// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/parser.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "base/status_macros.h"
#include "text/jinja/expression_parser.h"
#include "text/jinja/lexer.h"

namespace sterna::text::jinja {
namespace {

using StatementPointer = std::unique_ptr<Statement>;
using Names = std::initializer_list<std::string_view>;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : head_(std::move(tokens)) {}

  Result<Block> Run() {
    STERNA_ASSIGN_OR_RETURN(Block block, Body({}));
    return block;
  }

 private:
  // Statements up to a block that begins with one of the names, whose name is then the current token; without names up
  // to the end of the template.
  Result<Block> Body(Names ends) {
    const ExpressionParser::Level level(head_);
    STERNA_RETURN_IF_ERROR(level.Check());
    Block block;
    while (head_.current().type != TokenType::kEnd) {
      if (head_.current().type == TokenType::kBlockBegin && IsOneOf(head_.following(), ends)) {
        head_.Next();
        return block;
      }
      STERNA_ASSIGN_OR_RETURN(StatementPointer statement, One());
      block.push_back(std::move(statement));
    }
    if (ends.size() == 0) return block;
    return head_.Fail(fmt::format("the template ends where '{}' is missing", *(ends.end() - 1)));
  }

  static bool IsOneOf(const Token& token, Names names) {
    if (token.type != TokenType::kName) return false;
    for (const std::string_view name : names) {
      if (token.text == name) return true;
    }
    return false;
  }

  // A body that ends with `{% end %}`, which is taken too, up to its closing mark.
  Result<Block> BodyUpTo(std::string_view end) {
    STERNA_RETURN_IF_ERROR(BlockEnd());
    STERNA_ASSIGN_OR_RETURN(Block body, Body({end}));
    head_.Next();
    return body;
  }

  Status BlockEnd() { return head_.ExpectType(TokenType::kBlockEnd, "%}"); }

  StatementPointer Make(StatementKind kind) const {
    auto made = std::make_unique<Statement>();
    made->kind = kind;
    made->line = head_.current().line;
    return made;
  }

  Result<StatementPointer> One() {
    if (head_.current().type == TokenType::kData) {
      StatementPointer made = Make(StatementKind::kText);
      made->text = MarkedText(std::string(head_.current().text), /*trusted=*/true);
      head_.Next();
      return made;
    }
    if (head_.current().type == TokenType::kVariableBegin) {
      StatementPointer made = Make(StatementKind::kOutput);
      head_.Next();
      STERNA_ASSIGN_OR_RETURN(made->value, head_.Tuple(/*conditional=*/true));
      STERNA_RETURN_IF_ERROR(head_.ExpectType(TokenType::kVariableEnd, "}}"));
      return made;
    }
    STERNA_RETURN_IF_ERROR(head_.ExpectType(TokenType::kBlockBegin, "{%"));
    STERNA_ASSIGN_OR_RETURN(StatementPointer made, Tag());
    STERNA_RETURN_IF_ERROR(BlockEnd());
    return made;
  }

  Result<StatementPointer> Tag() {
    const uint32_t line = head_.current().line;
    STERNA_ASSIGN_OR_RETURN(const std::string name, head_.TakeName());
    if (name == "if") return If();
    if (name == "for") return For();
    if (name == "set") return Set();
    if (name == "macro") return Macro();
    if (name == "call") return CallBlock();
    if (name == "filter") return FilterBlock();
    if (name == "with") return With();
    if (name == "generation") return Generation();
    if (name == "break" || name == "continue") return LoopControl(name);
    for (const std::string_view other :
         {"include", "import", "from", "extends", "block", "autoescape", "do", "trans"}) {
      if (name == other)
        return Status::Unsupported(fmt::format("line {}: '{}' is not supported; write it out", line, name));
    }
    return SyntaxError(line, fmt::format("'{}' is not known here; mend the block or close the one before", name));
  }

  Result<StatementPointer> LoopControl(std::string_view name) {
    if (loops_ == 0) return head_.Fail(fmt::format("'{}' stands outside a loop", name));
    return Make(name == "break" ? StatementKind::kBreak : StatementKind::kContinue);
  }

  Result<StatementPointer> If() {
    StatementPointer made = Make(StatementKind::kIf);
    while (true) {
      Branch branch;
      STERNA_ASSIGN_OR_RETURN(branch.condition, head_.Tuple(/*conditional=*/false));
      STERNA_RETURN_IF_ERROR(BlockEnd());
      STERNA_ASSIGN_OR_RETURN(branch.body, Body({"elif", "else", "endif"}));
      made->branches.push_back(std::move(branch));
      if (head_.SkipName("elif")) continue;
      if (!head_.SkipName("else")) break;
      Branch last;
      STERNA_RETURN_IF_ERROR(BlockEnd());
      STERNA_ASSIGN_OR_RETURN(last.body, Body({"endif"}));
      made->branches.push_back(std::move(last));
      break;
    }
    STERNA_RETURN_IF_ERROR(head_.ExpectName("endif"));
    return made;
  }

  Result<StatementPointer> For() {
    StatementPointer made = Make(StatementKind::kFor);
    STERNA_ASSIGN_OR_RETURN(made->target, head_.Target(/*attributes=*/false));
    STERNA_RETURN_IF_ERROR(head_.ExpectName("in"));
    STERNA_ASSIGN_OR_RETURN(made->value, head_.Tuple(/*conditional=*/false));
    if (head_.SkipName("if")) {
      STERNA_ASSIGN_OR_RETURN(made->condition, head_.Conditional());
    }
    if (head_.AtName("recursive")) {
      return Status::Unsupported(
          fmt::format("line {}: recursive loops are not supported; use a macro", head_.current().line));
    }
    STERNA_RETURN_IF_ERROR(BlockEnd());
    ++loops_;
    STERNA_ASSIGN_OR_RETURN(made->body, Body({"else", "endfor"}));
    --loops_;
    if (head_.SkipName("else")) {
      STERNA_RETURN_IF_ERROR(BlockEnd());
      STERNA_ASSIGN_OR_RETURN(made->otherwise, Body({"endfor"}));
    }
    STERNA_RETURN_IF_ERROR(head_.ExpectName("endfor"));
    return made;
  }

  Result<StatementPointer> Set() {
    StatementPointer made = Make(StatementKind::kSet);
    STERNA_ASSIGN_OR_RETURN(made->target, head_.Target(/*attributes=*/true));
    if (head_.SkipOperator("=")) {
      STERNA_ASSIGN_OR_RETURN(made->value, head_.Tuple(/*conditional=*/true));
      return made;
    }
    made->kind = StatementKind::kSetBlock;
    if (head_.SkipOperator("|")) {
      STERNA_ASSIGN_OR_RETURN(made->value, head_.FilterChain());
    }
    STERNA_ASSIGN_OR_RETURN(made->body, BodyUpTo("endset"));
    return made;
  }

  // Bodies of macros stand outside the loops around them.
  Result<Block> MacroBody(std::string_view end) {
    const uint32_t loops = std::exchange(loops_, 0);
    STERNA_ASSIGN_OR_RETURN(Block body, BodyUpTo(end));
    loops_ = loops;
    return body;
  }

  Result<StatementPointer> Macro() {
    StatementPointer made = Make(StatementKind::kMacro);
    STERNA_ASSIGN_OR_RETURN(made->name, head_.TakeName());
    STERNA_ASSIGN_OR_RETURN(made->parameters, head_.Parameters());
    STERNA_ASSIGN_OR_RETURN(made->body, MacroBody("endmacro"));
    return made;
  }

  Result<StatementPointer> CallBlock() {
    StatementPointer made = Make(StatementKind::kCallBlock);
    made->name = "caller";
    STERNA_ASSIGN_OR_RETURN(made->parameters, head_.Parameters());
    STERNA_ASSIGN_OR_RETURN(made->value, head_.Conditional());
    if (made->value->kind != ExpressionKind::kCall) return head_.Fail("'call' needs a call of a macro");
    STERNA_ASSIGN_OR_RETURN(made->body, MacroBody("endcall"));
    return made;
  }

  Result<StatementPointer> FilterBlock() {
    StatementPointer made = Make(StatementKind::kFilterBlock);
    STERNA_ASSIGN_OR_RETURN(made->value, head_.FilterChain());
    STERNA_ASSIGN_OR_RETURN(made->body, BodyUpTo("endfilter"));
    return made;
  }

  Result<StatementPointer> With() {
    StatementPointer made = Make(StatementKind::kWith);
    while (head_.current().type != TokenType::kBlockEnd) {
      if (!made->parameters.empty()) {
        STERNA_RETURN_IF_ERROR(head_.ExpectOperator(","));
      }
      Argument variable;
      STERNA_ASSIGN_OR_RETURN(variable.name, head_.TakeName());
      STERNA_RETURN_IF_ERROR(head_.ExpectOperator("="));
      STERNA_ASSIGN_OR_RETURN(variable.value, head_.Conditional());
      made->parameters.push_back(std::move(variable));
    }
    STERNA_ASSIGN_OR_RETURN(made->body, BodyUpTo("endwith"));
    return made;
  }

  Result<StatementPointer> Generation() {
    StatementPointer made = Make(StatementKind::kGeneration);
    STERNA_ASSIGN_OR_RETURN(made->body, MacroBody("endgeneration"));
    return made;
  }

  ExpressionParser head_;
  uint32_t loops_ = 0;  // around the current place
};

}  // namespace

Result<Block> Parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return Status::ResourceExhausted(
        fmt::format("the template has {} bytes, over the limit of {}; shorten it", source.size(), kMaxSourceBytes));
  }
  STERNA_ASSIGN_OR_RETURN(const std::string normal, NormalizeSource(source));
  STERNA_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(normal));
  return Parser(std::move(tokens)).Run();
}

}  // namespace sterna::text::jinja
