// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/table.h"
#include "platform/aligned_buffer.h"
#include "sterna/status.h"

namespace sterna::backend {

// Float activations [rows][columns], rows at multiples of 64 bytes.
class FloatSlot {
 public:
  explicit FloatSlot(uint32_t columns);
  Status Allocate(size_t max_rows, const BufferPlacement& placement = {});

  float* Row(size_t row) { return buffer_.as<float>().data() + row * stride_; }
  uint32_t columns() const { return columns_; }
  size_t stride() const { return stride_; }
  uint64_t size_bytes() const { return buffer_.size(); }

 private:
  uint32_t columns_;
  size_t stride_;  // floats
  AlignedBuffer buffer_;
};

// Quantized activations [rows][columns] with a scale and a sum per row; rows padded to whole ternary blocks.
class Int8Slot {
 public:
  explicit Int8Slot(uint32_t columns);
  Status Allocate(size_t max_rows, const BufferPlacement& placement = {});

  // quantize_row of `x` into row `row`.
  bool Quantize(const kernels::KernelTable& kernels, const float* x, float largest, size_t row);
  kernels::Int8Rows Rows(size_t first, size_t count) const;
  uint32_t columns() const { return columns_; }
  uint64_t size_bytes() const { return values_.size() + scales_.size() + sums_.size(); }

 private:
  uint32_t columns_;
  size_t stride_;  // bytes
  AlignedBuffer values_, scales_, sums_;
};

}  // namespace sterna::backend
