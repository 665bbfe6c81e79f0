// SPDX-License-Identifier: Apache-2.0
//
// The table of plain NEON, which every 64-bit ARM CPU has: one translation unit, so that nothing but the table has a
// name outside it.
#include "kernels/neon/table-inl.h"
#include "kernels/neon/ternary_multiply-inl.h"

namespace sterna::kernels {

constinit const KernelTable kNeonTable =
    NeonTable<MultiplyTile>("neon", 1u << 6);  // platform::kCpuNeon; a test compares

}  // namespace sterna::kernels
