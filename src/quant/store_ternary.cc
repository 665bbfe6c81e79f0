// SPDX-License-Identifier: Apache-2.0
//
// Plain codes and scales to stored ternary matrices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/half.h"
#include "base/status_macros.h"
#include "quant/ternary_bn.h"
#include "quant/ternary_family.h"
#include "quant/ternary_i2s.h"
#include "quant/ternary_q2.h"
#include "quant/ternary_tq.h"

namespace sterna::quant {
namespace {

// Elements that the type stores one scale for.
uint64_t StretchElements(TensorType type, const TernaryCodes& matrix) {
  switch (FamilyOf(type)) {
    case Family::kI2s: return matrix.rows * matrix.columns;
    case Family::kBn: return matrix.columns;
    case Family::kTq:
    case Family::kQ2:
    case Family::kTl: break;
  }
  return Info(type).block_elements;
}

bool AllZero(std::span<const uint8_t> codes) {
  return std::all_of(codes.begin(), codes.end(), [](uint8_t code) { return code == 1; });
}

// The one scale of elements first .. first + count - 1: that of the groups with a non-zero value, 0 where none has one.
Result<float> ScaleOfStretch(TensorType type, const TernaryCodes& matrix, uint64_t first, uint64_t count) {
  float scale = 0;
  for (uint64_t at = first, end; at < first + count; at = end) {
    end = std::min(first + count, (at / matrix.group_columns + 1) * matrix.group_columns);
    const float own = matrix.scales[at / matrix.group_columns];
    if (own == 0 || own == scale || AllZero(matrix.codes.subspan(at, end - at))) continue;
    if (scale != 0) {
      return Status::InvalidArgument(fmt::format("row {} has scales {} and {}; {} stores one for {} values",
                                                 at / matrix.columns, scale, own, Info(type).name, count));
    }
    scale = own;
  }
  return scale;
}

// One for each stretch.
Result<std::vector<float>> StretchScales(TensorType type, const TernaryCodes& matrix) {
  const uint64_t elements = matrix.codes.size(), stretch = StretchElements(type, matrix);
  std::vector<float> scales(elements / stretch);
  for (uint64_t i = 0; i < scales.size(); ++i) {
    if (matrix.group_columns == 0) {
      const bool zero = stretch < elements && AllZero(matrix.codes.subspan(i * stretch, stretch));
      scales[i] = zero ? 0.0f : matrix.scales[0];
    } else {
      STERNA_ASSIGN_OR_RETURN(scales[i], ScaleOfStretch(type, matrix, i * stretch, stretch));
    }
  }
  return scales;
}

// To what float16 holds of them, in place; the largest relative change.
Result<float> RoundToF16(TensorType type, std::vector<float>& scales) {
  float worst = 0;
  for (float& scale : scales) {
    const float stored = F16ToF32(F32ToF16(scale));
    if (!std::isfinite(stored) || (stored == 0 && scale != 0)) {
      return Status::InvalidArgument(
          fmt::format("scale {} is outside the range of the float16 that {} stores", scale, Info(type).name));
    }
    if (scale != 0) worst = std::max(worst, std::fabs(stored / scale - 1));
    scale = stored;
  }
  return worst;
}

Status CheckCounts(const TernaryCodes& matrix) {
  const uint64_t elements = matrix.rows * matrix.columns, group = matrix.group_columns;
  if (matrix.codes.size() != elements) {
    return Status::InvalidArgument(fmt::format("{} rows of {} columns need {} codes; {} were given", matrix.rows,
                                               matrix.columns, elements, matrix.codes.size()));
  }
  STERNA_DCHECK(group == 0 || matrix.columns % group == 0);
  STERNA_DCHECK(matrix.scales.size() == (group == 0 ? 1 : elements / group));
  STERNA_DCHECK(std::all_of(matrix.codes.begin(), matrix.codes.end(), [](uint8_t code) { return code <= 2; }));
  return {};
}

}  // namespace

bool StoresF16Scales(TensorType type) {
  return type != TensorType::kI2_S && type != TensorType::kIQ2_BN && type != TensorType::kIQ2_BN_R4;
}

bool CanStoreTernary(TensorType type) { return Info(type).ternary && FamilyOf(type) != Family::kTl; }

Result<StoredTernary> StoreTernary(TensorType type, I2sLayout layout, const TernaryCodes& matrix) {
  if (Info(type).ternary && !CanStoreTernary(type)) {
    return Status::InvalidArgument(fmt::format("{} is read and not written", Info(type).name));
  }
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, TernaryBytes(type, layout, matrix.rows, matrix.columns));
  STERNA_RETURN_IF_ERROR(CheckCounts(matrix));
  STERNA_ASSIGN_OR_RETURN(std::vector<float> scales, StretchScales(type, matrix));
  StoredTernary stored{std::vector<std::byte>(bytes)};
  if (StoresF16Scales(type)) {
    STERNA_ASSIGN_OR_RETURN(stored.scale_rounding, RoundToF16(type, scales));
  }
  std::byte* const out = stored.bytes.data();
  switch (FamilyOf(type)) {
    case Family::kI2s:
      PackI2s(layout, matrix.rows, matrix.columns, matrix.codes.data(), out);
      std::memcpy(out + matrix.codes.size() / 4, scales.data(), sizeof(float));
      break;
    case Family::kTq: PackTq(type, matrix.codes, scales, out); break;
    case Family::kBn: PackBn(type, matrix.columns, matrix.codes, scales, out); break;
    case Family::kQ2: PackQ2(type, matrix.codes, scales, out); break;
    case Family::kTl: break;  // refused above
  }
  return stored;
}

Result<std::vector<std::byte>> PackTernary(TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns,
                                           std::span<const uint8_t> codes, float scale) {
  STERNA_ASSIGN_OR_RETURN(StoredTernary stored, StoreTernary(type, layout, {rows, columns, codes, {&scale, 1}, 0}));
  return std::move(stored.bytes);
}

}  // namespace sterna::quant
