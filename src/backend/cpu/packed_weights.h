// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backend/cpu/ternary_weights.h"
#include "backend/packed_ternary.h"

namespace sterna::backend {

// The matrix as it is stored: its codes read in place, or copied into the arena's huge pages. Codes that are not
// 64-byte aligned are always copied. InvalidArgument when the sizes do not fit the shape.
Result<TernaryMatrix> TakePacked(const PackedTernary& packed, bool copy, WeightArena& arena,
                                 platform::ThreadPool& pool);

// The same without codes: its scales lie in the arena.
Result<TernaryMatrix> DescribePacked(const PackedTernary& packed, WeightArena& arena);

// A matrix as a file stores it; valid while the matrix's memory is.
PackedTernary AsPacked(const TernaryMatrix& matrix);

}  // namespace sterna::backend
