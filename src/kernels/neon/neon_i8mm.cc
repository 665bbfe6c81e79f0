// SPDX-License-Identifier: Apache-2.0
//
// NEON with the int8 matrix product extension (CPUs such as Neoverse V1, N2 and Cortex-A510, A715).
#include "kernels/neon/table-inl.h"
#include "kernels/neon/ternary_matrix-inl.h"

namespace sterna::kernels {

// platform::kCpuNeon, kCpuNeonDot, kCpuNeonI8mm; a test compares.
constinit const KernelTable kNeonI8mmTable = NeonTable<MatrixTile>("neon_i8mm", 1u << 6 | 1u << 7 | 1u << 8);

}  // namespace sterna::kernels
