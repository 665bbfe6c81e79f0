// SPDX-License-Identifier: Apache-2.0
//
// A template as a tree. The parser bounds how deep it is, so that walking it needs no more stack than there is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/jinja/value.h"

namespace sterna::text::jinja {

struct Expression;
using ExpressionPointer = std::unique_ptr<Expression>;

enum class ExpressionKind : uint8_t {
  kText,         // text
  kConstant,     // constant
  kName,         // name
  kTuple,        // items
  kList,         // items
  kDict,         // items: key, value, key, value, ...
  kNot,          // items: one
  kNegate,       // items: one
  kPlus,         // items: one
  kAnd,          // items: two
  kOr,           // items: two
  kArithmetic,   // items: two; operation
  kCompare,      // items: first, then one for each of operations
  kConcat,       // items
  kConditional,  // items: condition, value, other value or nothing
  kAttribute,    // items: object; name
  kSubscript,    // items: object, index
  kSlice,        // items: object, begin, end, step; any but the object may be nothing
  kCall,         // items: what is called; arguments
  kFilter,       // items: value, or nothing in a filter block; name; arguments
  kTest,         // items: value; name; arguments
  kAttributeOf,  // as a target of set: name.attribute
};

enum class Operation : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kEqual,
  kDiffers,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn
};

struct Argument {
  std::string name;  // empty: by place
  ExpressionPointer value;
};

struct Expression {
  ExpressionKind kind = ExpressionKind::kConstant;
  uint32_t line = 1;
  uint32_t depth = 1;  // levels of this tree
  Operation operation = Operation::kAdd;
  std::string name;
  std::string attribute;
  MarkedText text;
  Value constant;
  std::vector<ExpressionPointer> items;
  std::vector<Operation> operations;
  std::vector<Argument> arguments;
};

struct Statement;
using Block = std::vector<std::unique_ptr<Statement>>;

enum class StatementKind : uint8_t {
  kText,         // text
  kOutput,       // value
  kIf,           // branches
  kFor,          // target, value, condition or nothing, body, otherwise
  kSet,          // target, value
  kSetBlock,     // target, filter or nothing, body
  kMacro,        // name, parameters, body
  kCallBlock,    // value, parameters, body
  kFilterBlock,  // filter, body
  kWith,         // parameters, body
  kGeneration,   // body
  kBreak,
  kContinue,
};

struct Branch {
  ExpressionPointer condition;  // nothing: else
  Block body;
};

struct Statement {
  StatementKind kind = StatementKind::kText;
  uint32_t line = 1;
  std::string name;
  MarkedText text;
  ExpressionPointer target, value, condition;  // of kSetBlock and kFilterBlock the filter is `value`
  std::vector<Argument> parameters;            // names, with defaults or values
  std::vector<Branch> branches;
  Block body, otherwise;
};

}  // namespace sterna::text::jinja
