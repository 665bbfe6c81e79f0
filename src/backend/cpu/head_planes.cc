// SPDX-License-Identifier: Apache-2.0
//
// Use of the planes; head_planes_maker.cc makes them.
#include "backend/cpu/head_planes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "backend/cpu/head_planes_layout.h"
#include "base/check.h"
#include "base/checked_math.h"

namespace sterna::backend {
namespace {

// Deviations of a screened bound: 2 exp(-8^2 / 2) < 2.6e-14 for one row and token.
constexpr double kScreenedDeviations = 8.0;
// Outside of these a float of the full head's sums could overflow, or lose what it adds below the smallest float.
constexpr double kLargestActivation = 1e20, kSmallestActivation = 1e-15;

double SquaredNorm(const float* x, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += double(x[i]) * double(x[i]);
  return sum;
}

}  // namespace

size_t HeadPlanes::padded_groups() const { return RoundUp<size_t>(groups_, kHeadGroupPadding); }

bool HeadPlanes::Prepare(const kernels::KernelTable& kernels, const float* x, HeadQuery& query) const {
  const size_t padded = padded_columns();
  const float unit = 1.0f / float(block_);
  for (size_t i = 0; i < columns_; ++i) query.rotated[i] = x[i] * signs_[i] * unit;
  std::fill(query.rotated + columns_, query.rotated + padded, 0.0f);
  kernels.hadamard(query.rotated, padded, block_);

  float scale;
  int32_t sum;
  kernels.quantize_row(query.rotated, padded, 0, query.values, padded, &scale, &sum);
  double square = 0, fourth = 0, error_square = 0;
  for (size_t g = 0; g < groups_; ++g) {
    const float* const group = query.rotated + g * kernels::kScreenGroupColumns;
    const int8_t* const values = query.values + g * kernels::kScreenGroupColumns;
    double offset_sum = 0, group_sum = 0;
    for (size_t k = 0; k < kernels::kScreenGroupColumns; ++k) {
      const double error = double(group[k]) - double(values[k]) / double(scale);
      error_square += error * error;
      offset_sum += double(offsets_[g * kernels::kScreenGroupColumns + k]) * values[k];
      group_sum += values[k];
    }
    const double group_square = SquaredNorm(group, kernels::kScreenGroupColumns);
    square += group_square;
    fourth += group_square * group_square;
    const double middle = MiddleOfLowerBits(order());
    query.coarse_offsets[g] = float(middle * group_sum - offset_sum);
    query.fine_offsets[g] = float(-middle * group_sum);
  }
  if (!(square > kSmallestActivation * kSmallestActivation)) return false;  // also NaN
  if (!(square < kLargestActivation * kLargestActivation)) return false;
  std::fill(query.coarse_offsets + groups_, query.coarse_offsets + padded_groups(), 0.0f);
  std::fill(query.fine_offsets + groups_, query.fine_offsets + padded_groups(), 0.0f);
  query.value_scale = 1.0f / scale;

  const double error_norm = std::sqrt(error_square);
  const double norm = std::sqrt(square) + error_norm;  // at least |x'| and |q|
  const double spread = bound_ == HeadBound::kCertified ? norm : kScreenedDeviations * std::sqrt(std::sqrt(fourth));
  query.spread_factor = float(spread * kRoundedUp);
  query.norm_factor = float((error_norm + FloatSlack(columns_, groups_) * norm) * kRoundedUp);
  return true;
}

void HeadPlanes::Coarse(const kernels::KernelTable& kernels, std::span<const CoarseQuery> queries, size_t first,
                        size_t count) const {
  STERNA_DCHECK(queries.size() <= kMaxQueries);
  STERNA_DCHECK(first + count <= rows_);
  const uint8_t* const start = coarse_ + first * coarse_stride_;
  const kernels::ScreenRows w = {start + padded_groups(), coarse_stride_,  start,
                                 coarse_stride_,          scales_ + first, groups_};
  const bool nibbles = order() == kernels::kNibblesFirst;
  std::array<kernels::ScreenInput, kMaxQueries> x;
  for (size_t k = 0; k < queries.size(); ++k) {
    const HeadQuery& query = *queries[k].query;
    x[k] = {query.values, query.coarse_offsets, nibbles ? 4.0f : 16.0f, queries[k].out + first};
  }
  (nibbles ? kernels.screen_nibbles : kernels.screen_pairs)(w, x.data(), queries.size(), nullptr, count);
  for (size_t k = 0; k < queries.size(); ++k) {
    for (size_t i = 0; i < count; ++i) x[k].out[i] *= queries[k].query->value_scale;
  }
}

void HeadPlanes::Fine(const kernels::KernelTable& kernels, const HeadQuery& query, std::span<const uint32_t> rows,
                      float* changes) const {
  const kernels::ScreenRows w = {fine_, fine_stride_, coarse_, coarse_stride_, scales_, groups_};
  const bool pairs = order() == kernels::kNibblesFirst;
  const kernels::ScreenInput x = {query.values, query.fine_offsets, 1.0f, changes};
  (pairs ? kernels.screen_pairs : kernels.screen_nibbles)(w, &x, 1, rows.data(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) changes[i] *= query.value_scale;
}

}  // namespace sterna::backend
