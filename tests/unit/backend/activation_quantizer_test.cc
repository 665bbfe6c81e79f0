// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/activation_quantizer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/table.h"

namespace sterna::backend {
namespace {

constexpr uint32_t kColumns = 200;

class ActivationQuantizerTest : public ::testing::Test {
 protected:
  // 1, 2, .. 200 in some order, every other one negative.
  ActivationQuantizerTest() {
    EXPECT_TRUE(in_.Allocate(1).ok() && out_.Allocate(1).ok());
    for (uint32_t i = 0; i < kColumns; ++i) {
      const float magnitude = float(i * 77 % kColumns + 1);
      in_.Row(0)[i] = i % 2 == 0 ? magnitude : -magnitude;
    }
  }
  // What 127 stands for afterwards.
  float Range(const OutlierHandling& outliers, float largest) {
    ActivationQuantizer quantizer(outliers);
    EXPECT_TRUE(quantizer.Allocate(1, kColumns).ok());
    quantizer.Quantize(kernels::kScalarTable, in_, largest, out_, 0, 0);
    counters_ = {};
    quantizer.AddTo(counters_);
    return 127 / out_.Rows(0, 1).scales[0];
  }

  FloatSlot in_{kColumns};
  Int8Slot out_{kColumns};
  CpuBackendCounters counters_;
};

TEST_F(ActivationQuantizerTest, TakesTheLargestOrAPercentileOfARow) {
  EXPECT_FLOAT_EQ(200, Range({true, 100}, 0));
  EXPECT_EQ(0u, counters_.clamped_rows);
  EXPECT_FLOAT_EQ(199, Range({true, 99.5}, 0));
  EXPECT_FLOAT_EQ(100, Range({true, 50}, 0));
  EXPECT_EQ(1u, counters_.clamped_rows);
  EXPECT_FLOAT_EQ(200, Range({false, 50}, 0));
  EXPECT_EQ(0u, counters_.clamped_rows + counters_.rescaled_rows);
}

TEST_F(ActivationQuantizerTest, ClampsOrRescalesWhatLiesBeyondAGivenRange) {
  EXPECT_FLOAT_EQ(150, Range({true, 100}, 150));
  EXPECT_EQ(1u, counters_.clamped_rows);
  const int8_t* const q = out_.Rows(0, 1).values;
  EXPECT_EQ(127, *std::max_element(q, q + kColumns));
  EXPECT_FLOAT_EQ(200, Range({false, 100}, 150));
  EXPECT_EQ(1u, counters_.rescaled_rows);
  EXPECT_FLOAT_EQ(300, Range({false, 100}, 300));
  EXPECT_EQ(0u, counters_.rescaled_rows);
}

TEST_F(ActivationQuantizerTest, TakesTheLargestOfARowOfMostlyZeros) {
  std::fill_n(in_.Row(0), kColumns, 0.0f);
  in_.Row(0)[3] = 5;
  EXPECT_FLOAT_EQ(5, Range({true, 99}, 0));
}

}  // namespace
}  // namespace sterna::backend
