// SPDX-License-Identifier: Apache-2.0
#include "base/exact_math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "base/check.h"

namespace sterna {
namespace {

// A value as the unevaluated sum hi + lo, |lo| <= ulp(hi) / 2: about 100 bits.
struct Pair {
  double hi, lo;
};

// a + b exactly, for |a| >= |b| or a == 0.
Pair FastTwoSum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// a + b exactly, for any a and b.
Pair TwoSum(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

// a * b exactly.
Pair TwoProduct(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

// 1 / n!: Taylor coefficients. n! is exact in double up to 22!.
constexpr auto kInverseFactorial = [] {
  std::array<double, 20> table{};
  double factorial = 1;
  for (size_t n = 0; n < table.size(); ++n) {
    factorial *= n == 0 ? 1.0 : double(n);
    table[n] = 1.0 / factorial;
  }
  return table;
}();

// sum of coefficients[i] * x^i, by Horner's rule.
double Polynomial(std::span<const double> coefficients, double x) {
  double sum = coefficients.back();
  for (size_t i = coefficients.size() - 1; i-- > 0;) sum = std::fma(sum, x, coefficients[i]);
  return sum;
}

// ln 2 in two parts; the first has 42 bits after the point, so that its product with any exponent is exact.
constexpr double kLn2Hi = 0x1.62e42fefa38p-1;
constexpr double kLn2Lo = 0x1.ef35793c7673p-45;
constexpr double kLog2E = 0x1.71547652b82fep+0;

// pi / 2 in three parts of 53 bits.
constexpr double kHalfPi1 = 0x1.921fb54442d18p+0;
constexpr double kHalfPi2 = 0x1.1a62633145c07p-54;
constexpr double kHalfPi3 = -0x1.f1976b7ed8fbcp-110;
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

// 2^k for k in -1022..1023.
double PowerOfTwo(int k) { return std::bit_cast<double>(uint64_t(k + 1023) << 52); }

// exp(x.hi + x.lo): x = k ln 2 + r, |r| <= ln 2 / 2, then Taylor up to r^13 (the rest is below 2^-57).
double ExpOfPair(Pair x) {
  if (std::isnan(x.hi)) return x.hi;
  if (x.hi > 710.0) return std::numeric_limits<double>::infinity();
  if (x.hi < -746.0) return 0.0;
  const double k = std::floor(std::fma(x.hi, kLog2E, 0.5));
  const Pair r = TwoSum(std::fma(-k, kLn2Hi, x.hi), std::fma(-k, kLn2Lo, x.lo));
  const double tail = r.hi * r.hi * Polynomial(std::span(kInverseFactorial).subspan(2, 12), r.hi);
  const double value = 1.0 + (r.hi + (tail + r.lo));
  // Two factors, each a normal number, reach both ends of the range; only the second product rounds.
  const int half = int(k) / 2;
  return value * PowerOfTwo(half) * PowerOfTwo(int(k) - half);
}

// 2 / (2 n + 3): the series of 2 atanh(s) - 2 s, divided by s^3, in powers of s^2.
constexpr auto kAtanhSeries = [] {
  std::array<double, 12> table{};
  for (size_t n = 0; n < table.size(); ++n) table[n] = 2.0 / (2.0 * double(n) + 3.0);
  return table;
}();

// log(x) for finite x > 0: x = 2^k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), log(1 + f) = 2 atanh(f / (2 + f)).
Pair LogToPair(double x) {
  int k = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p54;
    k = -54;
  }
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  k += int(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xfffffffffffffu) | 0x3ff0000000000000u);
  if (m > 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    ++k;
  }
  const double f = m - 1.0;  // exact: m is within a factor of two of 1
  const Pair denominator = FastTwoSum(2.0, f);
  const double s = f / denominator.hi;
  // One Newton step gives the bits of the quotient below s.
  const double s_low = (std::fma(-s, denominator.hi, f) - s * denominator.lo) / denominator.hi;
  const double square = s * s;
  const double cubic = s * square * Polynomial(kAtanhSeries, square);
  const Pair sum = FastTwoSum(double(k) * kLn2Hi, 2.0 * s);
  return FastTwoSum(sum.hi, sum.lo + (cubic + std::fma(double(k), kLn2Lo, 2.0 * s_low)));
}

// sin(r.hi + r.lo) for |r| <= pi / 4 and a little: Taylor up to r^17 (the rest is below 2^-63).
double SinOfPair(Pair r) {
  const double square = r.hi * r.hi;
  double series = kInverseFactorial[17];
  for (size_t n = 15; n >= 3; n -= 2) series = std::fma(series, -square, kInverseFactorial[n]);
  return r.hi + std::fma(-series * square, r.hi, r.lo * (1.0 - 0.5 * square));
}

// cos(r.hi + r.lo) for |r| <= pi / 4 and a little: Taylor up to r^18 (the rest is below 2^-68).
double CosOfPair(Pair r) {
  const double square = r.hi * r.hi;
  double series = kInverseFactorial[18];
  for (size_t n = 16; n >= 4; n -= 2) series = std::fma(series, -square, kInverseFactorial[n]);
  const Pair head = FastTwoSum(1.0, -0.5 * square);
  return head.hi + (head.lo + std::fma(square * square, series, -r.hi * r.lo));
}

}  // namespace

double ExactExp(double x) { return ExpOfPair({x, 0.0}); }

double ExactLog(double x) {
  STERNA_DCHECK(x > 0 && std::isfinite(x));
  return LogToPair(x).hi;
}

double ExactPow(double x, double y) {
  STERNA_DCHECK(x > 0 && std::isfinite(x));
  // The logarithm is carried with its low part: an error of half a unit in it would grow by |y log x| in the power.
  const Pair log = LogToPair(x);
  const Pair product = TwoProduct(y, log.hi);
  if (!std::isfinite(product.hi)) return ExpOfPair({product.hi, 0.0});
  return ExpOfPair(FastTwoSum(product.hi, std::fma(y, log.lo, product.lo)));
}

SinCos ExactSinCos(double x) {
  STERNA_DCHECK(std::fabs(x) <= 0x1p27);
  const double n = std::floor(std::fma(x, kTwoOverPi, 0.5));
  // x - n pi/2 part by part: the first difference is exact, the next two products are held as pairs.
  const Pair first = TwoProduct(n, kHalfPi1);
  const Pair second = TwoProduct(n, kHalfPi2);
  const Pair a = TwoSum(x - first.hi, -first.lo);
  const Pair b = TwoSum(a.hi, -second.hi);
  const Pair r = TwoSum(b.hi, a.lo + (b.lo - std::fma(n, kHalfPi3, second.lo)));
  const double sine = SinOfPair(r);
  const double cosine = CosOfPair(r);
  switch (int64_t(n) & 3) {
    case 0: return {sine, cosine};
    case 1: return {cosine, -sine};
    case 2: return {-sine, -cosine};
    default: return {-cosine, sine};
  }
}

}  // namespace sterna
