// SPDX-License-Identifier: Apache-2.0
//
// Elementary functions in double whose bits do not depend on the C library or the CPU: polynomials with explicit
// std::fma. Used for tables and sampling noise, never in a hot loop. Error below 4 units in the last place of double
// over the ranges used, so that a result rounded to float is correctly rounded except in freak cases.
#pragma once

namespace sterna {

double ExactExp(double x);            // underflows to 0, overflows to infinity
double ExactLog(double x);            // x > 0, finite
double ExactPow(double x, double y);  // x > 0: exp(y * log(x))
struct SinCos {
  double sin, cos;
};
SinCos ExactSinCos(double x);  // |x| <= 2^27 (any position times any frequency)

}  // namespace sterna
