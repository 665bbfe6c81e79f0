// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <malloc.h>

#include "platform/memory_usage.h"
#include "unit/api/built_in.h"

namespace sterna {
namespace {

void Cycle(uint64_t seed) {
  InferenceEngine engine = InferenceEngine::with_config(EngineConfig{.thread_count = 2}).value();
  const Model model = engine.load_model(kBuiltInModel).value();
  GenerationConfig settings;
  settings.max_length = 2;
  settings.seed = seed;
  ASSERT_EQ(2u, model.generate("What is a sparrow?", settings).value().token_count);
}

// Without what the allocator keeps for later.
uint64_t HeldBytes() {
  malloc_trim(0);
  return platform::ReadMemoryUsage().anonymous_bytes;
}

// What is not given back shows as growth: 128 KB in all is 145 bytes a cycle.
TEST(Lifecycle, AThousandEnginesLeaveNothingBehind) {
  for (int i = 0; i < 100; ++i) Cycle(uint64_t(i));  // the allocator and the loader have what they keep
  const uint64_t before = HeldBytes();
  for (int i = 100; i < 1000; ++i) Cycle(uint64_t(i));
  const uint64_t after = HeldBytes();
  EXPECT_LE(after, before + (128u << 10)) << "from " << before << " bytes";
}

}  // namespace
}  // namespace sterna
