// SPDX-License-Identifier: Apache-2.0
//
// What may stand behind `is`.
#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/operators.h"
#include "text/jinja/printing.h"
#include "text/jinja/runtime.h"
#include "text/jinja/text_scan.h"

namespace sterna::text::jinja {
namespace {

using KindTest = bool (*)(const Value& value);
struct NamedKindTest {
  std::string_view name;
  KindTest test;
};

constexpr NamedKindTest kKindTests[] = {
    {"defined", [](const Value& v) { return !v.Is(Kind::kUndefined); }},
    {"undefined", [](const Value& v) { return v.Is(Kind::kUndefined); }},
    {"none", [](const Value& v) { return v.Is(Kind::kNone); }},
    {"boolean", [](const Value& v) { return v.Is(Kind::kBool); }},
    {"true", [](const Value& v) { return v.Is(Kind::kBool) && v.boolean(); }},
    {"false", [](const Value& v) { return v.Is(Kind::kBool) && !v.boolean(); }},
    {"integer", [](const Value& v) { return v.Is(Kind::kInt); }},
    {"float", [](const Value& v) { return v.Is(Kind::kFloat); }},
    {"number", [](const Value& v) { return v.IsNumber(); }},
    {"string", [](const Value& v) { return v.Is(Kind::kString); }},
    {"mapping", [](const Value& v) { return v.Is(Kind::kDict); }},
    {"callable", [](const Value& v) { return v.Is(Kind::kCallable) || v.Is(Kind::kUndefined); }},
    {"sequence",
     [](const Value& v) {
       return v.IsSequence() || v.Is(Kind::kString) || v.Is(Kind::kDict) || v.Is(Kind::kUndefined);
     }},
    {"iterable",
     [](const Value& v) {
       return v.IsSequence() || v.Is(Kind::kString) || v.Is(Kind::kDict) || v.Is(Kind::kUndefined) || v.Is(Kind::kLoop);
     }},
};

struct NamedOperation {
  std::string_view name;
  Operation operation;
};
constexpr NamedOperation kOperations[] = {
    {"==", Operation::kEqual},
    {"eq", Operation::kEqual},
    {"equalto", Operation::kEqual},
    {"!=", Operation::kDiffers},
    {"ne", Operation::kDiffers},
    {"<", Operation::kLess},
    {"lt", Operation::kLess},
    {"lessthan", Operation::kLess},
    {"<=", Operation::kLessEqual},
    {"le", Operation::kLessEqual},
    {">", Operation::kGreater},
    {"gt", Operation::kGreater},
    {"greaterthan", Operation::kGreater},
    {">=", Operation::kGreaterEqual},
    {"ge", Operation::kGreaterEqual},
    {"in", Operation::kIn},
};

Result<bool> Divides(const Value& value, const Value& divisor) {
  if (!value.IsInteger() || !divisor.IsInteger()) return KindError("divide", value, divisor);
  if (divisor.integer() == 0) return Status::InvalidArgument("division by zero; ask for zero first");
  return divisor.integer() == -1 || value.integer() % divisor.integer() == 0;
}

// Whether text has letters and all of them are of one case.
Result<bool> HasCase(Heap& heap, const Value& value, bool upper) {
  STERNA_ASSIGN_OR_RETURN(const Value text, ToString(heap, value));
  STERNA_RETURN_IF_ERROR(heap.StepText(text.bytes().size()));
  bool found = false;
  for (const char c : text.bytes()) {
    if (!IsAsciiLetter(c)) continue;
    if ((AsciiUpper(c) == c) != upper) return false;
    found = true;
  }
  return found;
}

Result<bool> IsSame(Heap& heap, const Value& left, const Value& right) {
  if (left.kind() != right.kind()) return false;
  if (left.IsSequence() || left.Is(Kind::kDict)) return left.identity() == right.identity();
  return Equal(heap, left, right);
}

}  // namespace

Result<bool> ApplyTest(Runtime& runtime, std::string_view name, const Value& value, const Arguments& arguments) {
  for (const NamedKindTest& one : kKindTests) {
    if (one.name != name) continue;
    STERNA_RETURN_IF_ERROR(Bind(name, arguments, {}, 0).status());
    return one.test(value);
  }
  for (const NamedOperation& one : kOperations) {
    if (one.name != name) continue;
    STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind(name, arguments, {"other"}, 1));
    return Compare(runtime.heap(), one.operation, value, *bound[0]);
  }
  if (name == "odd" || name == "even") {
    STERNA_ASSIGN_OR_RETURN(const bool even, Divides(value, Value::Int(2)));
    return even == (name == "even");
  }
  if (name == "upper" || name == "lower") return HasCase(runtime.heap(), value, name == "upper");
  if (name == "divisibleby" || name == "sameas") {
    STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind(name, arguments, {"other"}, 1));
    return name == "sameas" ? IsSame(runtime.heap(), value, *bound[0]) : Divides(value, *bound[0]);
  }
  return Status::Unsupported(
      fmt::format("the test '{}' is not known or not supported; use another", name.substr(0, 64)));
}

}  // namespace sterna::text::jinja
