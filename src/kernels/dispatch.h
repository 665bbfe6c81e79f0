// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/table.h"
#include "sterna/status.h"

namespace sterna::kernels {

// Every table in this executable, fastest first; `scalar` is last and always there.
std::span<const KernelTable* const> AllTables();

// The fastest table whose needs `cpu_bits` (platform::CpuFeature) meets, or the one named `forced` when it is not
// empty. InvalidArgument for an unknown name (lists the known ones), or one this CPU cannot run (says what is missing).
// A pure function: tests pass made-up CPUs.
Result<const KernelTable*> SelectKernels(uint64_t cpu_bits, std::string_view forced);

// The table with the scalar products of ternary weights, which take them out of their bytes one by one.
KernelTable WithScalarTernary(const KernelTable& table);
// Whether a table other than `scalar` has those.
bool HasScalarTernary(const KernelTable& table);

}  // namespace sterna::kernels
