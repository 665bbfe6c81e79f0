// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/activations.h"

#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr size_t kFloatsPerLine = AlignedBuffer::kAlignment / sizeof(float);

}  // namespace

FloatSlot::FloatSlot(uint32_t columns) : columns_(columns), stride_(RoundUp<size_t>(columns, kFloatsPerLine)) {}

Status FloatSlot::Allocate(size_t max_rows, const BufferPlacement& placement) {
  STERNA_ASSIGN_OR_RETURN(buffer_, AlignedBuffer::Create(max_rows * stride_ * sizeof(float), placement));
  return {};
}

Int8Slot::Int8Slot(uint32_t columns)
    : columns_(columns), stride_(RoundUp<size_t>(columns, kernels::kTernaryBlockColumns)) {}

Status Int8Slot::Allocate(size_t max_rows, const BufferPlacement& placement) {
  STERNA_ASSIGN_OR_RETURN(values_, AlignedBuffer::Create(max_rows * stride_, placement));
  STERNA_ASSIGN_OR_RETURN(scales_, AlignedBuffer::Create(max_rows * sizeof(float)));
  STERNA_ASSIGN_OR_RETURN(sums_, AlignedBuffer::Create(max_rows * sizeof(int32_t)));
  return {};
}

bool Int8Slot::Quantize(const kernels::KernelTable& kernels, const float* x, float largest, size_t row) {
  return kernels.quantize_row(x, columns_, largest, values_.as<int8_t>().data() + row * stride_, stride_,
                              scales_.as<float>().data() + row, sums_.as<int32_t>().data() + row);
}

kernels::Int8Rows Int8Slot::Rows(size_t first, size_t count) const {
  return {values_.as<int8_t>().data() + first * stride_, scales_.as<float>().data() + first,
          sums_.as<int32_t>().data() + first, count, stride_};
}

}  // namespace sterna::backend
