// SPDX-License-Identifier: Apache-2.0
//
// Each setting of ternary weights changes how they are held and multiplied, and no token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/api/knob_run.h"

namespace sterna {
namespace {

using ::testing::EndsWith;

class TernaryKnobs : public KnobTest {
 protected:
  // Prompts go through steps of 64 rows.
  TernaryKnobs() { config_.batch.chunk_size = 1; }
};

TEST_F(TernaryKnobs, packed_storage) {
  config_.ternary.packed_storage = false;
  EXPECT_EQ(4 * base_.report.plan.BytesOf("ternary weights"), Changed().report.plan.BytesOf("ternary weights"));
}

TEST_F(TernaryKnobs, vectorized_unpacking) {
  if (base_.report.kernels == "scalar") GTEST_SKIP() << "there are no others";
  config_.ternary.vectorized_unpacking = false;
  EXPECT_THAT(Changed().report.kernels, EndsWith("(scalar ternary products)"));
}

TEST_F(TernaryKnobs, cache_unpacked_weights) {
  config_.ternary.cache_unpacked_weights = true;
  const Observed run = Changed();
  EXPECT_EQ(run.counters.unpacked_weights, run.report.plan.BytesOf("unpacked weights"));
  EXPECT_LT(0u, run.counters.unpacked_hits);
  EXPECT_EQ(0u, base_.counters.unpacked_weights);
}

TEST_F(TernaryKnobs, weight_cache_mb) {
  config_.ternary.cache_unpacked_weights = true;
  const uint64_t all = Changed().counters.unpacked_weights;
  config_.cache.weight_cache_mb = 1;
  const Observed run = Changed();
  EXPECT_EQ(uint64_t{1} << 20, run.report.plan.BytesOf("unpacked weights"));
  EXPECT_LE(run.counters.unpacked_weights, uint64_t{1} << 20);
  EXPECT_LT(run.counters.unpacked_weights, all);
}

TEST_F(TernaryKnobs, unpacking_batch_size) {
  config_.ternary.cache_unpacked_weights = true;
  const uint64_t batches = Changed().counters.unpacked_batches;
  config_.ternary.unpacking_batch_size = 2048;
  EXPECT_EQ(2 * batches, Changed().counters.unpacked_batches);
}

}  // namespace
}  // namespace sterna
