// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/activation_quantizer.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {

ActivationQuantizer::ActivationQuantizer(const OutlierHandling& outliers) : outliers_(outliers) {}

Status ActivationQuantizer::Allocate(size_t workers, size_t columns) {
  if (!cuts_tails()) return {};
  stride_ = RoundUp<size_t>(columns, AlignedBuffer::kAlignment / sizeof(uint32_t));
  STERNA_ASSIGN_OR_RETURN(sorted_, AlignedBuffer::Create(workers * stride_ * sizeof(uint32_t)));
  return {};
}

void ActivationQuantizer::Quantize(const kernels::KernelTable& kernels, FloatSlot& in, float largest, Int8Slot& out,
                                   size_t row, uint32_t worker) {
  const float* const x = in.Row(row);
  if (largest == 0 && cuts_tails()) largest = Percentile(x, in.columns(), worker);
  const bool beyond = out.Quantize(kernels, x, largest, row);
  if (!beyond) return;
  if (outliers_.clamp) {
    clamped_rows_.fetch_add(1, std::memory_order_relaxed);
  } else {
    out.Quantize(kernels, x, 0, row);
    rescaled_rows_.fetch_add(1, std::memory_order_relaxed);
  }
}

void ActivationQuantizer::AddTo(CpuBackendCounters& counters) const {
  counters.clamped_rows += clamped_rows_.load(std::memory_order_relaxed);
  counters.rescaled_rows += rescaled_rows_.load(std::memory_order_relaxed);
}

// Magnitudes are ordered as their bits are. 0, which stands for the largest, where so many are zero.
float ActivationQuantizer::Percentile(const float* x, size_t count, uint32_t worker) {
  uint32_t* const bits = sorted_.as<uint32_t>().data() + worker * stride_;
  for (size_t i = 0; i < count; ++i) bits[i] = std::isnan(x[i]) ? 0 : std::bit_cast<uint32_t>(std::fabs(x[i]));
  const auto rank = size_t(std::ceil(outliers_.percentile / 100 * double(count)));
  uint32_t* const place = bits + std::clamp<size_t>(rank, 1, count) - 1;
  std::nth_element(bits, place, bits + count);
  return std::bit_cast<float>(*place);
}

}  // namespace sterna::backend
