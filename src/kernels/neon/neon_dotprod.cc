// SPDX-License-Identifier: Apache-2.0
//
// NEON with the dot product extension (Armv8.2 CPUs such as Cortex-A76 and Neoverse N1).
#include "kernels/neon/table-inl.h"
#include "kernels/neon/ternary_dot-inl.h"

namespace sterna::kernels {

// platform::kCpuNeon, kCpuNeonDot; a test compares.
constinit const KernelTable kNeonDotprodTable = NeonTable<DotTile>("neon_dotprod", 1u << 6 | 1u << 7);

}  // namespace sterna::kernels
