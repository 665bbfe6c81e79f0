// SPDX-License-Identifier: Apache-2.0
#include "model/ternary_source.h"

#include "base/status_macros.h"

namespace sterna::model {

Result<quant::TernarySource> MakeTernarySource(quant::TensorType type, uint64_t rows, uint64_t columns,
                                               std::span<const std::byte> bytes, const ModelOptions& options) {
  quant::TernarySource source{type, options.i2s_layout, rows, columns, bytes};
  if (type == quant::TensorType::kTL1 || type == quant::TensorType::kTL2) {
    STERNA_ASSIGN_OR_RETURN(source.tiles, ChooseTlTiles(type, rows, columns, options.tl_tiles));
  }
  return source;
}

}  // namespace sterna::model
