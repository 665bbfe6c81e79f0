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
#include "quant/ternary_family.h"
#include "quant/ternary_i2s.h"
#include "quant/ternary_q2.h"
#include "quant/ternary_tl.h"
#include "quant/ternary_tq.h"

namespace sterna::quant {
Result<TernaryScales> InspectTernary(const TernarySource& source) {
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, TernaryBytes(source.type, source.layout, source.rows, source.columns));
  if (bytes != source.bytes.size()) {
    return Status::InvalidArgument(fmt::format("{} rows of {} columns in {} take {} bytes; {} were given", source.rows,
                                               source.columns, Info(source.type).name, bytes, source.bytes.size()));
  }
  switch (FamilyOf(source.type)) {
    case Family::kI2s: return InspectI2s(source);
    case Family::kTq: return InspectTq(source);
    case Family::kBn: return InspectBn(source);
    case Family::kTl: return InspectTl(source);
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
    case Family::kTl: return UnpackTlRow(source, row, codes);
  }
}

void TernaryRowScales(const TernarySource& source, uint64_t row, float* scales) {
  STERNA_DCHECK(row < source.rows && source.type != TensorType::kI2_S);
  if (FamilyOf(source.type) == Family::kTq) return TqRowScales(source, row, scales);
  if (FamilyOf(source.type) == Family::kQ2) return Q2RowScales(source, row, scales);
  *scales = BnRowScale(source, row);
}

}  // namespace sterna::quant
