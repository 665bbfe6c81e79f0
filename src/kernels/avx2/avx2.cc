// SPDX-License-Identifier: Apache-2.0
//
// The AVX2 table: one translation unit, so that nothing but the table has a name outside it.
#include "kernels/avx2/table-inl.h"

namespace sterna::kernels {

const KernelTable kAvx2Table = kAvx2Kernels;

}  // namespace sterna::kernels
