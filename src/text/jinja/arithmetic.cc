// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/operators.h"

namespace sterna::text::jinja {
namespace {

Status Overflow() { return Status::InvalidArgument("an integer does not fit 64 bits; use smaller numbers"); }
Status ZeroDivision() { return Status::InvalidArgument("division by zero; ask for zero first"); }

Result<Value> FloorDivide(int64_t left, int64_t right, bool modulo) {
  if (right == 0) return ZeroDivision();
  if (right == -1) {
    if (modulo) return Value::Int(0);
    if (left == INT64_MIN) return Overflow();
    return Value::Int(-left);
  }
  int64_t quotient = left / right;
  int64_t rest = left % right;
  if (rest != 0 && (rest < 0) != (right < 0)) {
    --quotient;
    rest += right;
  }
  return Value::Int(modulo ? rest : quotient);
}

Result<Value> IntegerPower(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return ZeroDivision();
    return Value::Float(std::pow(double(base), double(exponent)));
  }
  int64_t power = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(power, base, &power)) return Overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return Overflow();
  }
  return Value::Int(power);
}

Result<Value> Integers(Operation operation, int64_t left, int64_t right) {
  int64_t result = 0;
  switch (operation) {
    case Operation::kAdd:
      if (__builtin_add_overflow(left, right, &result)) return Overflow();
      return Value::Int(result);
    case Operation::kSubtract:
      if (__builtin_sub_overflow(left, right, &result)) return Overflow();
      return Value::Int(result);
    case Operation::kMultiply:
      if (__builtin_mul_overflow(left, right, &result)) return Overflow();
      return Value::Int(result);
    case Operation::kDivide:
      if (right == 0) return ZeroDivision();
      return Value::Float(double(left) / double(right));
    case Operation::kPower: return IntegerPower(left, right);
    default: return FloorDivide(left, right, operation == Operation::kModulo);
  }
}

double FloatModulo(double left, double right) {
  const double rest = std::fmod(left, right);
  if (rest == 0) return std::copysign(0.0, right);
  return (rest < 0) != (right < 0) ? rest + right : rest;
}

Result<Value> Floats(Operation operation, double left, double right) {
  switch (operation) {
    case Operation::kAdd: return Value::Float(left + right);
    case Operation::kSubtract: return Value::Float(left - right);
    case Operation::kMultiply: return Value::Float(left * right);
    case Operation::kPower: {
      const double power = std::pow(left, right);
      if (std::isnan(power) && !std::isnan(left) && !std::isnan(right)) return Overflow();
      return Value::Float(power);
    }
    default: break;
  }
  if (right == 0) return ZeroDivision();
  if (operation == Operation::kDivide) return Value::Float(left / right);
  if (operation == Operation::kModulo) return Value::Float(FloatModulo(left, right));
  return Value::Float(std::floor((left - FloatModulo(left, right)) / right + 0.5));
}

Result<Value> Repeat(Heap& heap, const Value& value, int64_t times) {
  const bool is_text = value.Is(Kind::kString);
  const uint64_t size = is_text ? value.text().size() : value.list().size();
  const uint64_t count = times < 0 || size == 0 ? 0 : uint64_t(times);
  // Refused before anything is made: a whole that is larger than all values may be.
  const uint64_t unit_bytes = is_text ? 1 : sizeof(Value);
  if (count > heap.limits().max_value_bytes / unit_bytes / std::max<uint64_t>(size, 1)) return heap.Charge(UINT64_MAX);
  STERNA_RETURN_IF_ERROR(heap.Step(1 + size * count / 16));
  if (is_text) {
    MarkedText whole;
    for (uint64_t i = 0; i < count; ++i) whole.Append(value.text());
    return heap.String(std::move(whole));
  }
  List items;
  for (uint64_t i = 0; i < count; ++i) items.insert(items.end(), value.list().begin(), value.list().end());
  return heap.NewList(std::move(items), value.Is(Kind::kTuple));
}

Result<Value> Join(Heap& heap, const Value& left, const Value& right) {
  if (left.Is(Kind::kString)) {
    TextBuilder built(heap);
    STERNA_RETURN_IF_ERROR(built.Append(left.text()));
    STERNA_RETURN_IF_ERROR(built.Append(right.text()));
    return built.Finish();
  }
  STERNA_RETURN_IF_ERROR(heap.Charge((left.list().size() + right.list().size()) * sizeof(Value)));
  List items = left.list();
  items.insert(items.end(), right.list().begin(), right.list().end());
  return heap.NewList(std::move(items), left.Is(Kind::kTuple));
}

bool IsRepeatable(const Value& value) { return value.Is(Kind::kString) || value.IsSequence(); }

std::string_view VerbOf(Operation operation) {
  switch (operation) {
    case Operation::kAdd: return "add";
    case Operation::kSubtract: return "subtract";
    case Operation::kMultiply: return "multiply";
    case Operation::kPower: return "raise to a power";
    default: return "divide";
  }
}

}  // namespace

Result<Value> Arithmetic(Heap& heap, Operation operation, const Value& left, const Value& right) {
  if (left.IsInteger() && right.IsInteger()) return Integers(operation, left.integer(), right.integer());
  if (left.IsNumber() && right.IsNumber()) return Floats(operation, left.number(), right.number());
  if (operation == Operation::kAdd && left.kind() == right.kind() && IsRepeatable(left)) return Join(heap, left, right);
  if (operation == Operation::kMultiply && IsRepeatable(left) && right.IsInteger()) {
    return Repeat(heap, left, right.integer());
  }
  if (operation == Operation::kMultiply && left.IsInteger() && IsRepeatable(right)) {
    return Repeat(heap, right, left.integer());
  }
  return KindError(VerbOf(operation), left, right);
}

Result<Value> Negated(const Value& value) {
  if (value.Is(Kind::kFloat)) return Value::Float(-value.number());
  if (!value.IsInteger()) return KindError("negate", value);
  if (value.integer() == INT64_MIN) return Overflow();
  return Value::Int(-value.integer());
}

}  // namespace sterna::text::jinja
