// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary_family.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "quant/ternary_i2s.h"

namespace sterna::quant {

Family FamilyOf(TensorType type) {
  switch (type) {
    case TensorType::kI2_S: return Family::kI2s;
    case TensorType::kIQ1_BN:
    case TensorType::kIQ2_BN:
    case TensorType::kIQ2_BN_R4: return Family::kBn;
    case TensorType::kQ2_0:
    case TensorType::kQ2_0_G128:
    case TensorType::kPQ2_0:
    case TensorType::kPTQ1_0: return Family::kQ2;
    case TensorType::kTL1:
    case TensorType::kTL2: return Family::kTl;
    default: return Family::kTq;
  }
}

Result<uint64_t> TernaryBytes(TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns) {
  if (!Info(type).ternary) return Status::InvalidArgument(fmt::format("{} is no ternary type", Info(type).name));
  if (rows == 0 || columns == 0) {
    return Status::InvalidArgument(fmt::format("a ternary matrix of {} rows and {} columns is empty", rows, columns));
  }
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, TensorBytes(type, rows, columns));
  if (type == TensorType::kI2_S) STERNA_RETURN_IF_ERROR(CheckI2sShape(layout, rows, columns));
  return bytes;
}

}  // namespace sterna::quant
