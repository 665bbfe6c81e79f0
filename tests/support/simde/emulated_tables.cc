// SPDX-License-Identifier: Apache-2.0
#include "support/simde/emulated_tables.h"

#include "kernels/dispatch.h"
#include "platform/cpu_features.h"

#ifdef STERNA_EMULATED_X86
namespace sterna::kernels {
extern const KernelTable kEmulatedAmxTable;
extern const KernelTable kEmulatedAvx512Table;
extern const KernelTable kEmulatedAvxVnniTable;
}  // namespace sterna::kernels
#endif

namespace sterna::test {

std::vector<const kernels::KernelTable*> NativeAndEmulatedTables() {
  const auto native = kernels::AllTables();
  std::vector<const kernels::KernelTable*> tables(native.begin(), native.end());
#ifdef STERNA_EMULATED_X86
  const auto emulated = [](kernels::KernelTable table, const char* name) {
    table.isa = name;
    table.needs = platform::kCpuAvx2 | platform::kCpuFma | platform::kCpuF16c;
    return table;
  };
  static const kernels::KernelTable amx = emulated(kernels::kEmulatedAmxTable, "amx (simde)");
  static const kernels::KernelTable avx512 = emulated(kernels::kEmulatedAvx512Table, "avx512 (simde)");
  static const kernels::KernelTable avxvnni = emulated(kernels::kEmulatedAvxVnniTable, "avxvnni (simde)");
  tables.insert(tables.end(), {&amx, &avx512, &avxvnni});
#endif
  return tables;
}

}  // namespace sterna::test
