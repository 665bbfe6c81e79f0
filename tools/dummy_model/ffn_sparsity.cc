// SPDX-License-Identifier: Apache-2.0
#include "ffn_sparsity.h"

#include <algorithm>
#include <cmath>

#include "dummy_weights.h"

namespace sterna::dummy_model {
namespace {

constexpr uint64_t kMostChannels = 16;  // enough that a shift needs no value beyond those of the random channels

// The number below which a standard normal variable falls with the given probability, by bisection.
double NormalQuantile(double probability) {
  double low = -6, high = 6;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
  }
  return low;
}

}  // namespace

float GateShift::GainOfLayer(uint64_t layer) const {
  const double random_share = 1.0 - double(channels) / double(hidden);
  const double variance =
      embedding_variance + random_share * double(2 * layer + 1) * half_layer_variance;  // at the feed-forward half
  return float(normed_value * std::sqrt(variance) / double(embedding_value));
}

GateShift ShiftOf(const ModelShape& shape, float embedding_deviation, float norm_spread) {
  GateShift shift;
  if (shape.ffn_sparsity == 0) return shift;
  shift.hidden = shape.hidden;
  shift.channels = std::clamp<uint64_t>(shape.hidden / 16, 1, kMostChannels);
  shift.embedding_value = embedding_deviation;
  shift.embedding_variance = double(embedding_deviation) * double(embedding_deviation);
  // Linear layers keep the variance of their normed input, 1 but for the spread of the gains (2 % for a quarter).
  const double output_scale = double(BlockOutputScale(shape));
  shift.half_layer_variance = 1.02 * output_scale * output_scale;
  const double nonzero = 1.0 - RealZeroShare(shape.zero_share);
  const double gain_square = 1.0 + double(norm_spread) * double(norm_spread) / 3;
  const double gate_deviation = std::sqrt(double(shape.hidden - shift.channels) * nonzero * gain_square);
  shift.normed_value = NormalQuantile(shape.ffn_sparsity) * gate_deviation / double(shift.channels);
  return shift;
}

}  // namespace sterna::dummy_model
