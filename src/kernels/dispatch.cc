// SPDX-License-Identifier: Apache-2.0
#include "kernels/dispatch.h"

#include <fmt/format.h>

#include "platform/cpu_features.h"

namespace sterna::kernels {
namespace {

// Fastest first. The build says which tables it holds (CMakeLists.txt).
constexpr const KernelTable* kTables[] = {
#ifdef STERNA_KERNELS_X86
    &kAmxTable,      &kAvx512Table,      &kAvxVnniTable, &kAvx2Table,
#endif
#ifdef STERNA_KERNELS_NEON
    &kNeonI8mmTable, &kNeonDotprodTable, &kNeonTable,
#endif
    &kScalarTable,
};

std::string KnownNames() {
  std::string names;
  for (const KernelTable* table : kTables) names += (names.empty() ? "" : ", ") + std::string(table->isa);
  return names;
}

}  // namespace

std::span<const KernelTable* const> AllTables() { return kTables; }

Result<const KernelTable*> SelectKernels(uint64_t cpu_bits, std::string_view forced) {
  for (const KernelTable* table : kTables) {
    const uint64_t missing = table->needs & ~cpu_bits;
    if (forced.empty() && missing == 0) return table;
    if (forced.empty() || forced != table->isa) continue;
    if (missing == 0) return table;
    return Status::InvalidArgument(fmt::format("instruction set '{}' cannot run here: this CPU lacks {}", forced,
                                               platform::DescribeFeatures(missing)));
  }
  return Status::InvalidArgument(
      fmt::format("instruction set '{}' is unknown; this build has {}", forced, KnownNames()));
}

KernelTable WithScalarTernary(const KernelTable& table) {
  KernelTable mixed = table;
  mixed.ternary_scratch = kScalarTable.ternary_scratch;
  mixed.ternary_linear = kScalarTable.ternary_linear;
  mixed.ternary_group_linear = kScalarTable.ternary_group_linear;
  mixed.ternary_listed_rows = kScalarTable.ternary_listed_rows;
  mixed.ternary_columns_linear = kScalarTable.ternary_columns_linear;
  mixed.ternary_columns_add = kScalarTable.ternary_columns_add;
  return mixed;
}

bool HasScalarTernary(const KernelTable& table) {
  return table.quantize_row != kScalarTable.quantize_row && table.ternary_linear == kScalarTable.ternary_linear;
}

}  // namespace sterna::kernels
