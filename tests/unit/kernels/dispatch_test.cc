// SPDX-License-Identifier: Apache-2.0
#include "kernels/dispatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "platform/cpu_features.h"

namespace sterna::kernels {
namespace {

using testing::HasSubstr;

TEST(SelectKernels, TakesScalarOnACpuWithoutExtensions) {
  const auto table = SelectKernels(0, "");
  ASSERT_TRUE(table.ok());
  EXPECT_STREQ("scalar", (*table)->isa);
}

TEST(SelectKernels, TakesTheFirstTableThatTheCpuCanRun) {
  const auto table = SelectKernels(~uint64_t{0}, "");
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(AllTables().front(), *table);
}

TEST(SelectKernels, LeavesAvx512AloneOnACpuWithoutItsIntegerDotProducts) {
  constexpr uint64_t kAvx512 = platform::kCpuAvx2 | platform::kCpuFma | platform::kCpuF16c | platform::kCpuAvx512;
  const auto table = SelectKernels(kAvx512, "");
  ASSERT_TRUE(table.ok());
  EXPECT_STRNE("avx512", (*table)->isa);
}

TEST(SelectKernels, TakesTheForcedTable) {
  const auto table = SelectKernels(~uint64_t{0}, "scalar");
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(&kScalarTable, *table);
}

TEST(SelectKernels, NamesTheKnownTablesWhenTheForcedOneIsUnknown) {
  const auto table = SelectKernels(~uint64_t{0}, "avx9");
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(StatusCode::kInvalidArgument, table.status().code());
  for (const KernelTable* known : AllTables()) EXPECT_THAT(table.status().message(), HasSubstr(known->isa));
  EXPECT_THAT(table.status().message(), HasSubstr("avx9"));
}

TEST(SelectKernels, SaysWhatTheCpuLacksForTheForcedTable) {
  for (const KernelTable* known : AllTables()) {
    if (known->needs == 0) continue;
    const auto table = SelectKernels(0, known->isa);
    ASSERT_FALSE(table.ok());
    EXPECT_EQ(StatusCode::kInvalidArgument, table.status().code());
    EXPECT_THAT(table.status().message(), HasSubstr(platform::DescribeFeatures(known->needs)));
  }
}

TEST(AllTables, EndsWithScalar) { EXPECT_EQ(&kScalarTable, AllTables().back()); }

TEST(AllTables, NeedWhatTheirNamesSay) {
  using platform::kCpuNeon, platform::kCpuNeonDot, platform::kCpuNeonI8mm;
  constexpr uint64_t kAvx2 = platform::kCpuAvx2 | platform::kCpuFma | platform::kCpuF16c;
  const std::map<std::string, uint64_t> needs = {
      {"scalar", 0},
      {"avx2", kAvx2},
      {"avxvnni", kAvx2 | platform::kCpuAvxVnni},
      {"avx512", kAvx2 | platform::kCpuAvx512 | platform::kCpuAvx512Vnni},
      {"amx", kAvx2 | platform::kCpuAvx512 | platform::kCpuAvx512Vnni | platform::kCpuAmx},
      {"neon", kCpuNeon},
      {"neon_dotprod", kCpuNeon | kCpuNeonDot},
      {"neon_i8mm", kCpuNeon | kCpuNeonDot | kCpuNeonI8mm},
  };
  for (const KernelTable* table : AllTables()) {
    ASSERT_TRUE(needs.contains(table->isa)) << table->isa;
    EXPECT_EQ(needs.at(table->isa), table->needs) << table->isa;
  }
}

}  // namespace
}  // namespace sterna::kernels
