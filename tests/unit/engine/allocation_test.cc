// SPDX-License-Identifier: Apache-2.0
//
// Counts every operator new of the process while an answer is being generated.
#include <gtest/gtest.h>

#include "unit/engine/tiny_engine.h"
#include "unit/platform/allocation_counter.h"

namespace sterna::engine {
namespace {

// Allocations between the 10th and the last token of an answer that crosses blocks of 64 tokens.
size_t AllocationsWhileDecoding(uint32_t threads, GenerateRequest request, HeadChoice head = HeadChoice::kExact,
                                monitor::Recorder* recorder = nullptr) {
  EngineOptions options = TinyOptions();
  options.recorder = recorder;
  options.head = head;
  options.threads = threads;
  const auto engine = LoadTiny(options);
  const auto session = engine->NewSession().value();
  size_t tokens = 0, at_tenth = 0, at_last = 0;
  request.on_token = [&](text::TokenId) {
    if (++tokens == 10) at_tenth = testing_support::AllocationCount();
    at_last = testing_support::AllocationCount();
    return true;
  };
  EXPECT_EQ(session->Generate(request).value().tokens.size(), 200u);
  return at_last - at_tenth;
}

TEST(Allocation, GreedyDecodingAllocatesNothing) {
  EXPECT_EQ(AllocationsWhileDecoding(1, GreedyRequest(PlainPrompt(10), 200)), 0u);
}

TEST(Allocation, SamplingOnTwoThreadsAllocatesNothing) {
  GenerateRequest request = GreedyRequest(PlainPrompt(10), 200);
  request.sampling.temperature = 0.9f;
  request.sampling.repetition_penalty = 1.1f;
  request.sampling.min_p = 0.01f;
  EXPECT_EQ(AllocationsWhileDecoding(2, request), 0u);
}

TEST(Allocation, DrawingFromAScreenedHeadAllocatesNothing) {
  GenerateRequest request = GreedyRequest(PlainPrompt(10), 200);
  EXPECT_EQ(AllocationsWhileDecoding(1, request, HeadChoice::kCertified), 0u);
  request.sampling.temperature = 0.9f;
  request.sampling.repetition_penalty = 1.1f;
  request.sampling.penalty_window_tokens = 0;
  request.sampling.logit_bias = {{5, 2.0f}, {6, -2.0f}};
  request.sampling.top_k = 8;
  EXPECT_EQ(AllocationsWhileDecoding(2, request, HeadChoice::kCertified), 0u);
}

TEST(Allocation, SpeculationAllocatesNothing) {
  GenerateRequest request = GreedyRequest(PlainPrompt(10), 200);
  request.speculate_tokens = 7;
  EXPECT_EQ(AllocationsWhileDecoding(1, request), 0u);
}

TEST(Allocation, RecordingEveryDetailAllocatesNothing) {
  monitor::Recorder recorder({.detailed = true});
  EXPECT_EQ(AllocationsWhileDecoding(2, GreedyRequest(PlainPrompt(10), 200), HeadChoice::kExact, &recorder), 0u);
}

TEST(Allocation, TheCounterCounts) {
  const size_t before = testing_support::AllocationCount();
  const auto something = std::make_unique<std::string>(1000, 'x');
  EXPECT_GE(testing_support::AllocationCount(), before + 2);
}

}  // namespace
}  // namespace sterna::engine
