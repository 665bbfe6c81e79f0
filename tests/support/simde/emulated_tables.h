// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "kernels/table.h"

namespace sterna::test {

// Every table of the build, then those beyond AVX2 a second time, "avx512 (simde)": the same source files with the
// instructions that AVX2 lacks emulated, so that they need AVX2 alone.
std::vector<const kernels::KernelTable*> NativeAndEmulatedTables();

}  // namespace sterna::test
