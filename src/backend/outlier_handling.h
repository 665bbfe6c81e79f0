// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sterna::backend {

// What becomes of rows of activations with values far larger than the others (docs/quantization.md).
struct OutlierHandling {
  // Values that lie beyond the magnitude that int8's 127 stands for become 127; false: such a row gets its own scale.
  bool clamp = true;
  // With `clamp`: that magnitude is this percentile of a row's, where the caller gives none. 100: the largest.
  double percentile = 100;
};

}  // namespace sterna::backend
