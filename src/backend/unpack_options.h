// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna::backend {

// Ternary weights with a byte for each (docs/quantization.md). Not those with several scales in a row, nor those that
// are stored by input or streamed. The same results.
struct UnpackOptions {
  bool hold = false;  // so they are held, and not packed
  // In steps of more than CpuBackendOptions::decode_rows rows: kept beside the packed ones once they were needed, the
  // first that come, as far as cache_bytes go.
  bool cache = false;
  uint64_t cache_bytes = uint64_t{256} << 20;
  uint32_t batch_weights = 4096;  // that a worker unpacks at a time
};

}  // namespace sterna::backend
