// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backend/cpu/ternary_weights.h"

namespace sterna::backend {

// Rows first .. first + count - 1 of a matrix with fine_groups() times int8 rows: the kernels' plain product group by
// group, each multiplied by its scales and added up in the groups' order.
void FineGroupLinear(const kernels::KernelTable& kernels, const TernaryMatrix& w, size_t first, size_t count,
                     const kernels::Int8Rows& x, float* out, size_t out_stride);

}  // namespace sterna::backend
