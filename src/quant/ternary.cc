// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/half.h"
#include "base/status_macros.h"
#include "quant/ternary_i2s.h"
#include "quant/ternary_tq.h"

namespace sterna::quant {
namespace {

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
  return source.type == TensorType::kI2_S ? InspectI2s(source) : InspectTq(source);
}

void UnpackTernaryRow(const TernarySource& source, uint64_t row, uint8_t* codes) {
  STERNA_DCHECK(row < source.rows);
  return source.type == TensorType::kI2_S ? UnpackI2sRow(source, row, codes) : UnpackTqRow(source, row, codes);
}

void TernaryRowScales(const TernarySource& source, uint64_t row, float* scales) {
  STERNA_DCHECK(row < source.rows && source.type != TensorType::kI2_S);
  TqRowScales(source, row, scales);
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
  STERNA_ASSIGN_OR_RETURN(const uint16_t half, ScaleToF16(type, scale));
  PackTq(type, codes, half, out.data());
  return out;
}

}  // namespace sterna::quant
