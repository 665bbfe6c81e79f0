// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/scalar/lanes.h"
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {
namespace {

constexpr size_t kColumns = kScreenGroupColumns;
constexpr float kLargestMultiplier = 127.0f;

uint8_t CodeOf(float value) {
  value = value > 0.0f ? value : 0.0f;  // NaN to 0
  value = value < 63.0f ? value : 63.0f;
  return uint8_t(std::nearbyint(value));
}

void PutNibble(uint8_t* group, size_t column, uint8_t nibble) {
  uint8_t& byte = group[column % 32];
  byte = column < 32 ? nibble : uint8_t(byte | nibble << 4);
}

void PutPair(uint8_t* group, size_t column, uint8_t pair) {
  uint8_t& byte = group[column % 16];
  byte = column < 16 ? pair : uint8_t(byte | pair << (column / 16 * 2));
}

// The sum over groups of multiplier * offset.
float OffsetSum(const uint8_t* multipliers, const float* offsets, size_t groups) {
  float lane[kLanes] = {};
  for (size_t g = 0; g < groups; ++g) {
    lane[g % kLanes] = std::fma(float(multipliers[g]), offsets[g], lane[g % kLanes]);
  }
  return TreeSum(lane);
}

// code(group, column) gives a plane's code from a row.
template <class Code>
void ScreenOne(const ScreenRows& w, const ScreenInput& x, const uint32_t* rows, size_t count, Code code) {
  for (size_t i = 0; i < count; ++i) {
    const size_t r = rows == nullptr ? i : rows[i];
    const uint8_t* const multipliers = w.multipliers + r * w.multiplier_stride;
    int32_t sum = 0;
    for (size_t g = 0; g < w.groups; ++g) {
      int32_t group_sum = 0;
      for (size_t k = 0; k < kColumns; ++k)
        group_sum += code(w.codes + r * w.stride, g, k) * x.values[g * kColumns + k];
      sum += multipliers[g] * group_sum;
    }
    x.out[i] = w.scales[r] * std::fma(float(sum), x.factor, OffsetSum(multipliers, x.offsets, w.groups));
  }
}

template <class Code>
void Screen(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows, size_t count, Code code) {
  for (size_t i = 0; i < inputs; ++i) ScreenOne(w, x[i], rows, count, code);
}

}  // namespace

void Hadamard(float* x, size_t count, size_t block) noexcept {
  for (size_t start = 0; start < count; start += block) {
    for (size_t h = 1; h < block; h *= 2) {
      for (size_t i = start; i < start + block; ++i) {
        if ((i & h) != 0) continue;
        const float a = x[i], b = x[i + h];
        x[i] = a + b;
        x[i + h] = a - b;
      }
    }
  }
}

void ScreenEncode(const float* row, const float* offsets, size_t groups, ScreenOrder order, const ScreenCodes& codes,
                  ScreenNorms* norms) noexcept {
  const float reach = order == kNibblesFirst ? 29.99f : 23.98f;
  const uint8_t lower_mask = order == kNibblesFirst ? 3 : 15;
  const float largest = LargestMagnitude(row, groups * kColumns);
  const bool usable = largest >= 0x1p-100f && largest <= 0x1p100f;
  const float scale = usable ? largest / (kLargestMultiplier * reach) : 0.0f;
  const float unit = usable ? kLargestMultiplier / largest : 0.0f;
  float square[kLanes] = {}, coarse_square[kLanes] = {}, fine_square[kLanes] = {};
  for (size_t g = 0; g < groups; ++g) {
    const float* const w = row + g * kColumns;
    const float wanted = usable ? std::ceil(LargestMagnitude(w, kColumns) * unit) : 0.0f;
    const float multiplier = std::min(wanted, kLargestMultiplier);
    const float step = scale * multiplier;
    const float inverse = multiplier > 0.0f ? 1.0f / step : 0.0f;
    codes.multipliers[g] = uint8_t(multiplier);
    for (size_t k = 0; k < kColumns; ++k) {
      const float offset = offsets[g * kColumns + k];
      const uint8_t code = usable ? CodeOf(std::fma(w[k], inverse, offset)) : 0;
      const auto upper = uint8_t(code & ~lower_mask);
      const float middle = float(upper) + float(lower_mask) / 2;
      const float fine_error = std::fma(step, offset - float(code), w[k]);
      const float coarse_error = std::fma(step, offset - middle, w[k]);
      square[k % kLanes] = std::fma(w[k], w[k], square[k % kLanes]);
      coarse_square[k % kLanes] = std::fma(coarse_error, coarse_error, coarse_square[k % kLanes]);
      fine_square[k % kLanes] = std::fma(fine_error, fine_error, fine_square[k % kLanes]);
      const auto lower = uint8_t(code & lower_mask);
      const bool nibbles_first = order == kNibblesFirst;
      PutNibble(codes.nibbles + g * kScreenNibbleBytes, k, nibbles_first ? uint8_t(upper >> 2) : lower);
      PutPair(codes.pairs + g * kScreenPairBytes, k, nibbles_first ? lower : uint8_t(upper >> 4));
    }
  }
  *norms = {scale, TreeSum(square), TreeSum(coarse_square), TreeSum(fine_square)};
}

void ScreenNibbles(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows,
                   size_t count) noexcept {
  Screen(w, x, inputs, rows, count, [](const uint8_t* row, size_t g, size_t k) {
    return row[g * kScreenNibbleBytes + k % 32] >> (k / 32 * 4) & 15;
  });
}

void ScreenPairs(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows,
                 size_t count) noexcept {
  Screen(w, x, inputs, rows, count,
         [](const uint8_t* row, size_t g, size_t k) { return row[g * kScreenPairBytes + k % 16] >> (k / 16 * 2) & 3; });
}

}  // namespace sterna::kernels::scalar
