// SPDX-License-Identifier: Apache-2.0
//
// Every table that this CPU can run, natively or emulated, against the scalar one, field by field; and the checks
// against broken kernels.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "kernels/dispatch.h"
#include "platform/cpu_features.h"
#include "support/simde/emulated_tables.h"
#include "unit/kernels/broken_tables.h"
#include "unit/kernels/kernel_checks.h"

namespace sterna::test {
namespace {

std::vector<KernelCheck> AllChecks() {
  std::vector<KernelCheck> checks;
  for (const auto group :
       {RowChecks(), TernaryChecks(), SparseChecks(), DenseChecks(), AttentionChecks(), ScreenChecks()}) {
    checks.insert(checks.end(), group.begin(), group.end());
  }
  return checks;
}

// Names of the tables that `run` was called with: every one whose needs the CPU meets.
std::set<std::string> RunOnEveryTable(const std::function<void(const kernels::KernelTable&)>& run) {
  const platform::CpuFeatures cpu = platform::DetectCpu();
  std::set<std::string> executed;
  std::string line = "kernel tables executed:", missing;
  for (const kernels::KernelTable* table : NativeAndEmulatedTables()) {
    if (!cpu.Has(table->needs)) {
      missing +=
          std::string(" ") + table->isa + " (lacks " + platform::DescribeFeatures(table->needs & ~cpu.bits) + ")";
      continue;
    }
    run(*table);
    executed.insert(table->isa);
    line += std::string(" ") + table->isa;
  }
  std::printf("%s%s%s\n", line.c_str(), missing.empty() ? "" : "; not executed natively:", missing.c_str());
  return executed;
}

class KernelField : public testing::TestWithParam<KernelCheck> {};

TEST_P(KernelField, EqualsScalarInEveryTable) {
  const std::set<std::string> executed = RunOnEveryTable([](const kernels::KernelTable& table) {
    SCOPED_TRACE(table.isa);
    EXPECT_EQ("", GetParam().run(table));
  });
  EXPECT_TRUE(executed.contains("scalar"));
#ifdef STERNA_EXPECT_AVX2
  const bool can_run_avx2 = platform::DetectCpu().Has(platform::kCpuAvx2 | platform::kCpuFma | platform::kCpuF16c);
  for (const char* name : {"avx2", "avxvnni (simde)", "avx512 (simde)", "amx (simde)"})
    EXPECT_EQ(can_run_avx2, executed.contains(name)) << name;
#endif
#ifdef STERNA_EXPECT_NEON
  EXPECT_TRUE(executed.contains("neon"));
  EXPECT_EQ(platform::DetectCpu().Has(platform::kCpuNeonDot), executed.contains("neon_dotprod"));
  EXPECT_EQ(platform::DetectCpu().Has(platform::kCpuNeonI8mm), executed.contains("neon_i8mm"));
#endif
}

TEST_P(KernelField, CheckFindsOneWrongBit) {
  size_t broken = 0;
  for (const BrokenTable& candidate : BrokenTables()) {
    if (candidate.field != GetParam().field) continue;
    ++broken;
    EXPECT_NE("", GetParam().run(candidate.table));
  }
  EXPECT_EQ(1u, broken);
}

std::string TestName(const testing::TestParamInfo<KernelCheck>& check) {
  std::string name = check.param.field;
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelField, testing::ValuesIn(AllChecks()), TestName);

TEST(KernelTables, EveryFieldHasACheck) {
  std::set<std::string> checked, broken;
  for (const KernelCheck& check : AllChecks()) checked.insert(check.field);
  for (const BrokenTable& table : BrokenTables()) broken.insert(table.field);
  EXPECT_EQ(broken, checked);
  // A table is a name, the needs, the bytes of scratch, the peak, and one pointer for each field that a check names.
  EXPECT_EQ(sizeof(kernels::KernelTable), sizeof(const char*) + sizeof(uint64_t) + sizeof(kernels::TernaryScratch) +
                                              (1 + checked.size()) * sizeof(void (*)()));
}

TEST(KernelTables, IntegerPeakCountsInProportionToItsRounds) {
  RunOnEveryTable([](const kernels::KernelTable& table) {
    if (table.integer_peak == nullptr) return;
    const uint64_t once = table.integer_peak(1);
    EXPECT_LT(0u, once) << table.isa;
    EXPECT_EQ(7 * once, table.integer_peak(7)) << table.isa;
  });
}

}  // namespace
}  // namespace sterna::test
