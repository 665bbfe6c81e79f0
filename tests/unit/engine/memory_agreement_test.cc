// SPDX-License-Identifier: Apache-2.0
//
// What an engine says it holds, against what the kernel says the process took for it.
#include <gtest/gtest.h>
#include <malloc.h>

#include "dummy_file.h"
#include "platform/memory_usage.h"
#include "support/temporary_folder.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

constexpr double kMebibyte = 1 << 20;

// What the allocator keeps back of memory given back is nobody's.
uint64_t AnonymousBytes() {
  malloc_trim(0);
  return platform::ReadMemoryUsage().anonymous_bytes;
}

class MemoryAgreement : public ::testing::TestWithParam<WeightPlacement> {};

TEST_P(MemoryAgreement, IsWithinFivePercentOfTheKernelsFigure) {
  const testing::TemporaryFolder folder;
  dummy_model::ModelShape shape;
  shape.hidden_activation = "relu2";
  shape.hidden = 1024, shape.ffn = 4096, shape.layers = 24, shape.heads = 8, shape.vocab = 4000;
  const std::string path = folder.File("dummy.gguf");
  ASSERT_TRUE(dummy_model::Describe(shape)->writer.Write(path).ok());
  EngineOptions options = TinyOptions();
  options.weights = GetParam();
  options.tensor_cache_bytes = 40 << 20;
  options.step_rows = 64;

  const uint64_t before = AnonymousBytes();
  const auto engine = Engine::Load(path, options).value();
  // A full context, so that every block and every row of scratch has been written.
  ASSERT_TRUE(engine->NewSession().value()->Generate(GreedyRequest(PlainPrompt(250), 2)).ok());
  const double kernels_mb = double(AnonymousBytes() - before) / kMebibyte;
  const MemoryStats stats = engine->Memory();
  EXPECT_GT(stats.allocated_mb, 40);
  EXPECT_NEAR(stats.allocated_mb, kernels_mb, kernels_mb * 0.05);
}

INSTANTIATE_TEST_SUITE_P(Placements, MemoryAgreement,
                         ::testing::Values(WeightPlacement::kCopied, WeightPlacement::kStreamed),
                         [](const auto& tested) {
                           return tested.param == WeightPlacement::kCopied ? std::string("Copied") : "Streamed";
                         });

}  // namespace
}  // namespace sterna::engine
