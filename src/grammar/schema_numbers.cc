// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"

namespace sterna::grammar {
namespace {

// Numbers of more digits than this are not written: readers with doubles would change them.
constexpr int64_t kLargest = 9'999'999'999'999'999;

struct Bounds {
  std::optional<int64_t> low, high;  // inside
  bool above_low = false;            // `low` itself is not inside; of numbers that need not be whole
  bool below_high = false;
};

class NumberBuilder {
 public:
  explicit NumberBuilder(SchemaGrammar& grammar) : grammar_(grammar), syntax_(grammar.syntax) {}

  ExpressionId Whole(const Bounds& bounds) {
    const int64_t low = bounds.low.value_or(-kLargest), high = bounds.high.value_or(kLargest);
    std::vector<ExpressionId> choices;
    if (high >= 0 && low <= high) choices.push_back(Digits(std::max<int64_t>(low, 0), high));
    if (low < 0 && low <= high) {
      choices.push_back(syntax_.Sequence({syntax_.Text("-"), Digits(std::max<int64_t>(-high, 1), -low)}));
    }
    return syntax_.Alternatives(std::move(choices));
  }

  ExpressionId Any(const Bounds& bounds) {
    const int64_t low = bounds.low.value_or(-kLargest), high = bounds.high.value_or(kLargest);
    std::vector<ExpressionId> choices;
    if (high >= 0)
      AddMagnitudes("", std::max<int64_t>(low, 0), low >= 0 && bounds.above_low, high, bounds.below_high, choices);
    if (low < 0)
      AddMagnitudes("-", std::max<int64_t>(-high, 0), high <= 0 && bounds.below_high, -low, bounds.above_low, choices);
    return syntax_.Alternatives(std::move(choices));
  }

 private:
  // Numbers from `low` to `high`, 0 <= low <= high, with the sign in front; the ends may be left out.
  void AddMagnitudes(const char* sign, int64_t low, bool above_low, int64_t high, bool below_high,
                     std::vector<ExpressionId>& choices) {
    const auto add = [&](ExpressionId whole, ExpressionId fraction) {
      choices.push_back(syntax_.Sequence({syntax_.Text(sign), whole, fraction}));
    };
    const int64_t first = above_low ? low + 1 : low;  // of the whole parts that any fraction may follow
    if (first < high) add(Digits(first, high - 1), syntax_.Optional(grammar_.Call("fraction")));
    if (above_low && low < high) add(Digits(low, low), FractionAboveZero());
    if (!below_high && (low < high || !above_low)) add(Digits(high, high), syntax_.Optional(ZeroFraction()));
  }

  ExpressionId Digit(char first = '0', char last = '9') {
    return syntax_.Character({{char32_t(first), char32_t(last)}});
  }
  ExpressionId AnyDigits(size_t count) { return syntax_.Repeat(Digit(), uint32_t(count), uint32_t(count)); }
  ExpressionId ZeroFraction() { return syntax_.Sequence({syntax_.Text("."), syntax_.Repeat(Digit('0', '0'), 1, 16)}); }
  ExpressionId FractionAboveZero() {
    const ExpressionId zeros = syntax_.Repeat(Digit('0', '0'), 0, 7);
    return syntax_.Sequence({syntax_.Text("."), zeros, Digit('1', '9'), syntax_.Repeat(Digit(), 0, 8)});
  }

  // Whole numbers without a sign, 0 <= low <= high.
  ExpressionId Digits(int64_t low, int64_t high) {
    std::string from = fmt::format("{}", low);
    const std::string to = fmt::format("{}", high);
    std::vector<ExpressionId> choices;
    for (; from.size() < to.size(); from = '1' + std::string(from.size(), '0')) {
      choices.push_back(SameLength(from, std::string(from.size(), '9')));
    }
    choices.push_back(SameLength(from, to));
    return syntax_.Alternatives(std::move(choices));
  }

  ExpressionId SameLength(std::string_view low, std::string_view high) {
    const std::string zeros(low.size(), '0'), nines(low.size(), '9');
    if (low == zeros && high == nines) return AnyDigits(low.size());
    if (low.front() == high.front()) {
      if (low.size() == 1) return Digit(low[0], high[0]);
      return syntax_.Sequence({Digit(low[0], low[0]), SameLength(low.substr(1), high.substr(1))});
    }
    if (low.size() == 1) return Digit(low[0], high[0]);
    std::vector<ExpressionId> choices;
    const size_t rest = low.size() - 1;
    choices.push_back(
        syntax_.Sequence({Digit(low[0], low[0]), SameLength(low.substr(1), std::string_view(nines).substr(1))}));
    if (low[0] + 1 < high[0]) {
      choices.push_back(syntax_.Sequence({Digit(char(low[0] + 1), char(high[0] - 1)), AnyDigits(rest)}));
    }
    choices.push_back(
        syntax_.Sequence({Digit(high[0], high[0]), SameLength(std::string_view(zeros).substr(1), high.substr(1))}));
    return syntax_.Alternatives(std::move(choices));
  }

  SchemaGrammar& grammar_;
  Syntax& syntax_;
};

bool IsWhole(const JsonNode& node) { return node.is(JsonNode::Kind::kInteger) || node.real == std::floor(node.real); }

// The bound as a whole number, rounded inwards where only whole numbers count.
Result<std::optional<int64_t>> BoundAt(const SchemaPlace& place, bool whole, bool lower) {
  if (place.node == nullptr) return std::optional<int64_t>();
  const JsonNode& node = *place.node;
  if (!node.is(JsonNode::Kind::kInteger) && !node.is(JsonNode::Kind::kReal)) {
    return place.Wrong("a number should stand here; write one");
  }
  if (!whole && !IsWhole(node)) {
    return place.Wrong("only whole numbers are supported as bounds of a number; use one");
  }
  if (!(std::abs(node.real) <= double(kLargest))) {
    return place.Wrong(fmt::format("{} has too many digits; the limit is {}", node.text, kLargest));
  }
  if (node.is(JsonNode::Kind::kInteger)) return std::optional(node.integer);
  return std::optional(int64_t(lower ? std::ceil(node.real) : std::floor(node.real)));
}

// The narrower of a bound and of an exclusive one.
Status ReadBound(const SchemaPlace& schema, bool whole, bool lower, std::optional<int64_t>& bound, bool& open) {
  const SchemaPlace exclusive = schema.Member(lower ? "exclusiveMinimum" : "exclusiveMaximum");
  STERNA_ASSIGN_OR_RETURN(bound, BoundAt(schema.Member(lower ? "minimum" : "maximum"), whole, lower));
  STERNA_ASSIGN_OR_RETURN(std::optional<int64_t> beside, BoundAt(exclusive, whole, lower));
  if (!beside) return {};
  const bool excluded = whole ? IsWhole(*exclusive.node) : true;
  if (whole && excluded) *beside += lower ? 1 : -1;
  const bool narrower = !bound || (lower ? *beside > *bound : *beside < *bound);
  if (narrower || (!whole && *beside == *bound)) {
    bound = beside;
    open = !whole;
  }
  return {};
}

}  // namespace

Result<ExpressionId> NumberExpression(const SchemaPlace& schema, bool whole, SchemaGrammar& grammar) {
  Bounds bounds;
  STERNA_RETURN_IF_ERROR(ReadBound(schema, whole, true, bounds.low, bounds.above_low));
  STERNA_RETURN_IF_ERROR(ReadBound(schema, whole, false, bounds.high, bounds.below_high));
  if (!bounds.low && !bounds.high) return grammar.Call(whole ? "integer" : "number");
  const bool none =
      bounds.low && bounds.high &&
      (*bounds.low > *bounds.high || (*bounds.low == *bounds.high && (bounds.above_low || bounds.below_high)));
  if (none) return schema.Wrong("no number lies between the bounds; widen them");
  NumberBuilder builder(grammar);
  return whole ? builder.Whole(bounds) : builder.Any(bounds);
}

}  // namespace sterna::grammar
