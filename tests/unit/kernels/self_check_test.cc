// SPDX-License-Identifier: Apache-2.0
#include "kernels/self_check.h"

#include <gmock/gmock.h>

#include "kernels/dispatch.h"
#include "platform/cpu_features.h"
#include "unit/kernels/broken_tables.h"

namespace sterna::kernels {
namespace {

TEST(SelfCheck, EveryTableOfThisCpuPasses) {
  const uint64_t bits = platform::DetectCpu().bits;
  for (const KernelTable* table : AllTables()) {
    if ((table->needs & ~bits) != 0) continue;
    for (const uint64_t seed : {1, 2, 3}) {
      const Status status = SelfCheck(*table, seed);
      EXPECT_TRUE(status.ok()) << status.message();
    }
  }
}

TEST(SelfCheck, FindsOneWrongBitOfAnyKernel) {
  for (const test::BrokenTable& broken : test::BrokenTables()) {
    const Status status = SelfCheck(broken.table, 1);
    EXPECT_EQ(status.code(), StatusCode::kInternal) << broken.field;
    EXPECT_THAT(status.message(), testing::HasSubstr("differ")) << broken.field;
  }
}

}  // namespace
}  // namespace sterna::kernels
