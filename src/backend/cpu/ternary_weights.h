// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/cpu/weight_arena.h"
#include "kernels/table.h"
#include "platform/thread_pool.h"
#include "quant/ternary.h"
#include "sterna/status.h"

namespace sterna::backend {

// A ternary matrix in the kernels' layout (kernels/table.h). The bytes belong to the arena.
struct TernaryMatrix {
  size_t rows = 0;
  size_t columns = 0;
  size_t blocks = 0;  // 128-column blocks in a row; columns past the model's hold code 1
  float scale = 0;
  const uint8_t* codes = nullptr;
  const float* group_scales = nullptr;  // [rows][blocks / 2]; null when one scale holds for all

  size_t row_bytes() const { return blocks * kernels::kTernaryBlockBytes; }
  kernels::TernaryRows Rows(size_t first, size_t count) const;
};

// Checks `source` (quant::InspectTernary) and copies it into the kernels' layout, rows shared out over `pool`. Every
// value is multiplied by `scale_factor`. Corrupt when a scale times the factor is not finite.
Result<TernaryMatrix> RepackTernary(const quant::TernarySource& source, float scale_factor, WeightArena& arena,
                                    platform::ThreadPool& pool);

}  // namespace sterna::backend
