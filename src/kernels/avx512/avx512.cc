// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx512/table-inl.h"

namespace sterna::kernels {

// constinit: code of this file must not run before the CPU was asked.
constinit const KernelTable kAvx512Table = Avx512Kernels();

}  // namespace sterna::kernels
