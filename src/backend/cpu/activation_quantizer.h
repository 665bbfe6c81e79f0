// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "backend/cpu/activations.h"
#include "backend/cpu/cpu_counters.h"
#include "backend/outlier_handling.h"
#include "platform/aligned_buffer.h"

namespace sterna::backend {

// Chooses the scale that a row of activations becomes int8 by.
class ActivationQuantizer {
 public:
  explicit ActivationQuantizer(const OutlierHandling& outliers);
  // For rows of up to `columns` numbers, by as many workers.
  Status Allocate(size_t workers, size_t columns);

  // Row `row` of `in` to that of `out`, by a scale for magnitudes of up to `largest` (0: by the row's own). Workers may
  // call it at once, each with its number.
  void Quantize(const kernels::KernelTable& kernels, FloatSlot& in, float largest, Int8Slot& out, size_t row,
                uint32_t worker);
  void AddTo(CpuBackendCounters& counters) const;
  uint64_t size_bytes() const { return sorted_.size(); }

 private:
  bool cuts_tails() const { return outliers_.clamp && outliers_.percentile < 100; }
  float Percentile(const float* x, size_t count, uint32_t worker);

  const OutlierHandling outliers_;
  size_t stride_ = 0;     // numbers
  AlignedBuffer sorted_;  // [workers][stride], while a row's percentile is looked for
  std::atomic<uint64_t> clamped_rows_ = 0, rescaled_rows_ = 0;
};

}  // namespace sterna::backend
