// SPDX-License-Identifier: Apache-2.0
//
// How a dummy model closes a chosen share of its feed-forward gates with nothing but ternary weights and norm gains, so
// that every format can hold it. The first few channels of the hidden state are constant: the embedding has the same
// value there for every token, and the rows of attn_output and ffn_down that would add to them are zero. Every gate row
// is -1 in those channels, so that the gain of ffn_norm there shifts all gates down by the same amount. A gate is about
// normal with random weights; the shift is its quantile.
#pragma once

#include <cstdint>

#include "model_shape.h"

namespace sterna::dummy_model {

struct GateShift {
  uint64_t channels = 0;      // constant ones at the front of the hidden state; 0: no shift
  float embedding_value = 0;  // what the embedding holds there
  double normed_value = 0;    // what they are to be after ffn_norm
  double embedding_variance = 0;
  double half_layer_variance = 0;  // what each half layer adds
  uint64_t hidden = 0;

  // The gain of ffn_norm for those channels in a layer: the hidden state grows by what each half layer adds.
  float GainOfLayer(uint64_t layer) const;
};

// `embedding_deviation`: of the random embedding values; `norm_spread`: of the norm gains around 1.
GateShift ShiftOf(const ModelShape& shape, float embedding_deviation, float norm_spread);

}  // namespace sterna::dummy_model
