// SPDX-License-Identifier: Apache-2.0
//
// What the making and the use of head planes share.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/table.h"

namespace sterna::backend {

constexpr size_t kHeadGroupPadding = 16;  // multipliers and offsets are read 16 at a time

// Sums and square roots of this file are rounded a little; this is more than all of it.
constexpr double kRoundedUp = 1.0 + 0x1p-12;

// Where the bits lie that the first plane does not have.
inline double MiddleOfLowerBits(kernels::ScreenOrder order) { return order == kernels::kNibblesFirst ? 1.5 : 7.5; }

// Rounding of floats, in units of norm * |x'| (u = 2^-24):
//  - the full head's own kernel: columns / 16 + 4 fused steps on numbers whose sum is at most |w| |x|;
//  - the two rotations: at most 13 stages of one rounding each and a sign and a scale, twice;
//  - codes: (c - offset) and step, at most 3 u 64 steps a column, a step being at most max |w'| / 23.9;
//  - the planes' products: 16 lanes of groups / 16 steps, the tree, and 6 roundings more, on numbers whose sum is at
//    most 127 scale 120 sum |q|, which is at most (120 / 23.9) 8 sqrt(groups) max |w'| |q|.
inline double FloatSlack(size_t columns, size_t groups) {
  constexpr double kUnit = 0x1p-24;
  const double dense = double(columns) / 16 + 8;
  const double codes = 3 * 64 / 23.9 * std::sqrt(64.0 * double(groups));
  const double products = (double(groups) / 16 + 12) * (120 / 23.9) * 8 * std::sqrt(double(groups));
  return (dense + 32 + codes + products) * kUnit;
}

}  // namespace sterna::backend
