// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/half.h"
#include "base/status_macros.h"
#include "quant/ternary_bn.h"
#include "quant/ternary_i2s.h"
#include "quant/ternary_q2.h"
#include "quant/ternary_tq.h"

namespace sterna::quant {
namespace {

// What shares a source file.
enum class Family : uint8_t { kI2s, kTq, kBn, kQ2 };

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
    default: return Family::kTq;
  }
}

// The bytes that the shape takes, once it is known to fit the type and the layout.
Result<uint64_t> CheckedBytes(TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns) {
  if (!Info(type).ternary) return Status::InvalidArgument(fmt::format("{} is no ternary type", Info(type).name));
  if (rows == 0 || columns == 0) {
    return Status::InvalidArgument(fmt::format("a ternary matrix of {} rows and {} columns is empty", rows, columns));
  }
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, TensorBytes(type, rows, columns));
  if (type == TensorType::kI2_S) STERNA_RETURN_IF_ERROR(CheckI2sShape(layout, rows, columns));
  return bytes;
}

Result<uint16_t> ScaleToF16(TensorType type, float scale) {
  const uint16_t half = F32ToF16(scale);
  const float stored = F16ToF32(half);
  if (!std::isfinite(stored) || (stored == 0 && scale != 0)) {
    return Status::InvalidArgument(
        fmt::format("scale {} is outside the range of the float16 that {} stores", scale, Info(type).name));
  }
  return half;
}

}  // namespace

Result<TernaryScales> InspectTernary(const TernarySource& source) {
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, CheckedBytes(source.type, source.layout, source.rows, source.columns));
  if (bytes != source.bytes.size()) {
    return Status::InvalidArgument(fmt::format("{} rows of {} columns in {} take {} bytes; {} were given", source.rows,
                                               source.columns, Info(source.type).name, bytes, source.bytes.size()));
  }
  switch (FamilyOf(source.type)) {
    case Family::kI2s: return InspectI2s(source);
    case Family::kTq: return InspectTq(source);
    case Family::kBn: return InspectBn(source);
    case Family::kQ2: break;
  }
  return InspectQ2(source);
}

void UnpackTernaryRow(const TernarySource& source, uint64_t row, uint8_t* codes) {
  STERNA_DCHECK(row < source.rows);
  switch (FamilyOf(source.type)) {
    case Family::kI2s: return UnpackI2sRow(source, row, codes);
    case Family::kTq: return UnpackTqRow(source, row, codes);
    case Family::kBn: return UnpackBnRow(source, row, codes);
    case Family::kQ2: return UnpackQ2Row(source, row, codes);
  }
}

void TernaryRowScales(const TernarySource& source, uint64_t row, float* scales) {
  STERNA_DCHECK(row < source.rows && source.type != TensorType::kI2_S);
  if (FamilyOf(source.type) == Family::kTq) return TqRowScales(source, row, scales);
  if (FamilyOf(source.type) == Family::kQ2) return Q2RowScales(source, row, scales);
  *scales = BnRowScale(source, row);
}

Result<std::vector<std::byte>> PackTernary(TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns,
                                           std::span<const uint8_t> codes, float scale) {
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, CheckedBytes(type, layout, rows, columns));
  if (codes.size() != rows * columns) {
    return Status::InvalidArgument(
        fmt::format("{} rows of {} columns need {} codes; {} were given", rows, columns, rows * columns, codes.size()));
  }
  STERNA_DCHECK(std::all_of(codes.begin(), codes.end(), [](uint8_t code) { return code <= 2; }));
  std::vector<std::byte> out(bytes);
  if (type == TensorType::kI2_S) {
    PackI2s(layout, rows, columns, codes.data(), out.data());
    std::memcpy(out.data() + codes.size() / 4, &scale, sizeof scale);
    return out;
  }
  uint16_t half = 0;
  if (type != TensorType::kIQ2_BN && type != TensorType::kIQ2_BN_R4) {
    STERNA_ASSIGN_OR_RETURN(half, ScaleToF16(type, scale));
  }
  if (FamilyOf(type) == Family::kTq) {
    PackTq(type, codes, half, out.data());
  } else if (FamilyOf(type) == Family::kQ2) {
    PackQ2(type, codes, half, out.data());
  } else {
    PackBn(type, columns, codes, scale, out.data());
  }
  return out;
}

}  // namespace sterna::quant
