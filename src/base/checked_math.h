// SPDX-License-Identifier: Apache-2.0
//
// Size arithmetic on values that come from a file or a request: every result says whether it overflowed.
#pragma once

#include <concepts>
#include <optional>

namespace sterna {

template <std::integral T>
constexpr std::optional<T> CheckedAdd(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <std::integral T>
constexpr std::optional<T> CheckedMul(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// The smallest multiple of `unit` (> 0) that is >= value.
template <std::integral T>
constexpr std::optional<T> CheckedRoundUp(T value, T unit) {
  const T rest = value % unit;
  return rest == 0 ? std::optional<T>(value) : CheckedAdd<T>(value, unit - rest);
}

// For sizes already known to be small: no overflow check.
template <std::integral T>
constexpr T RoundUp(T value, T unit) {
  return (value + unit - 1) / unit * unit;
}

template <std::integral T>
constexpr T CeilDiv(T value, T unit) {
  return (value + unit - 1) / unit;
}

}  // namespace sterna
