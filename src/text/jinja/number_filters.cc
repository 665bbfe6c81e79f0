// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/filters.h"
#include "text/jinja/operators.h"
#include "text/jinja/text_scan.h"

namespace sterna::text::jinja {
namespace {

// Without white space around it, a sign `+`, and underscores between digits.
std::string Cleaned(std::string_view text) {
  const Extent kept = Stripped(text, nullptr, true, true);
  std::string clean;
  for (const char c : text.substr(kept.begin, kept.end - kept.begin)) {
    if (c != '_') clean += c;
  }
  if (clean.starts_with('+')) clean.erase(0, 1);
  return clean;
}

template <class Number, class... Format>
std::optional<Number> Parse(const std::string& text, Format... format) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, format...);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int64_t> Truncated(double number) {
  if (!(std::abs(number) < 9.2e18)) return std::nullopt;
  return int64_t(number);
}

Result<Value> ToInt(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("int", arguments, {"default", "base"}, 0));
  if (self.Is(Kind::kUndefined)) return UndefinedError(self);
  if (self.IsInteger()) return Value::Int(self.integer());
  std::optional<int64_t> number;
  if (self.Is(Kind::kFloat)) number = Truncated(self.number());
  if (self.Is(Kind::kString)) {
    STERNA_RETURN_IF_ERROR(runtime.heap().StepText(self.text().size()));
    const int64_t base = bound[1] && bound[1]->IsInteger() ? bound[1]->integer() : 10;
    if (base < 2 || base > 36) return Status::InvalidArgument("int: the base must be 2 to 36");
    const std::string clean = Cleaned(self.bytes());
    number = Parse<int64_t>(clean, int(base));
    if (!number) {
      if (const auto real = Parse<double>(clean)) number = Truncated(*real);
    }
  }
  return number ? Value::Int(*number) : bound[0].value_or(Value::Int(0));
}

Result<Value> ToFloat(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("float", arguments, {"default"}, 0));
  if (self.Is(Kind::kUndefined)) return UndefinedError(self);
  if (self.IsNumber()) return Value::Float(self.number());
  std::optional<double> number;
  if (self.Is(Kind::kString)) {
    STERNA_RETURN_IF_ERROR(runtime.heap().StepText(self.text().size()));
    number = Parse<double>(Cleaned(self.bytes()));
  }
  return number ? Value::Float(*number) : bound[0].value_or(Value::Float(0));
}

Result<Value> Absolute(Runtime&, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("abs", arguments, {}, 0).status());
  if (!self.IsNumber()) return KindError("take the absolute value of", self);
  if (self.Is(Kind::kFloat)) return Value::Float(std::abs(self.number()));
  return self.integer() < 0 ? Negated(self) : Value::Int(self.integer());
}

Result<Value> Round(Runtime&, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("round", arguments, {"precision", "method"}, 0));
  if (!self.IsNumber()) return KindError("round", self);
  if (bound[0] && !bound[0]->IsInteger()) return KindError("round to", *bound[0]);
  const int64_t digits = bound[0] ? bound[0]->integer() : 0;
  if (digits < 0 || digits > 15) return Status::Unsupported("round: the precision must be 0 to 15");
  const std::string_view method = bound[1] && bound[1]->Is(Kind::kString) ? bound[1]->bytes() : "common";
  const double number = self.number();
  if (method == "common") {
    if (self.IsInteger()) return Value::Int(self.integer());
    return Value::Float(std::isfinite(number) ? Parse<double>(fmt::format("{:.{}f}", number, digits)).value_or(number)
                                              : number);
  }
  const double scale = std::pow(10.0, double(digits));
  if (method == "ceil") return Value::Float(std::ceil(number * scale) / scale);
  if (method == "floor") return Value::Float(std::floor(number * scale) / scale);
  return Status::InvalidArgument("round: the method must be common, ceil or floor");
}

constexpr NamedFunction kNumberFilters[] = {{"int", ToInt}, {"float", ToFloat}, {"abs", Absolute}, {"round", Round}};

}  // namespace

std::span<const NamedFunction> NumberFilters() { return kNumberFilters; }

}  // namespace sterna::text::jinja
