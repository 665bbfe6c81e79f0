// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/table.h"
#include "sterna/status.h"

namespace sterna::kernels {

// Runs every kernel of a table once on random data of ordinary shapes and compares all that it wrote with what the
// scalar table writes, bit by bit: whether this CPU computes what it should, in some milliseconds. Internal names the
// table and the kernel. The tests' own comparison is far wider (tests/unit/kernels).
Status SelfCheck(const KernelTable& table, uint64_t seed);

}  // namespace sterna::kernels
