// SPDX-License-Identifier: Apache-2.0
#include "engine/step_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::engine {
namespace {

using ::testing::ElementsAre;

// A sequence whose request has `prompt` tokens, none computed.
struct Pending {
  explicit Pending(uint32_t prompt, uint32_t max_tokens = 1) : sequence(1024, 10, std::pmr::get_default_resource()) {
    request.max_tokens = max_tokens;
    sequence.tokens.assign(prompt, 5);
    sequence.prompt_end = prompt;
    sequence.request = &request;
  }
  void WantAllLogits() {
    request.on_prompt_logits = [](uint32_t, std::span<const float>) {};
  }
  GenerateRequest request;
  Sequence sequence;
};

TEST(StepBatch, FitsChunksIntoTheRowsOfAStep) {
  StepBatch batch({.rows = 10, .outputs = 4, .chunk_tokens = 8});
  Pending first(20), second(20);
  EXPECT_EQ(batch.RowsThatFit(first.sequence), 8u);
  batch.Add(first.sequence, 8);
  EXPECT_EQ(batch.RowsThatFit(second.sequence), 2u);
  batch.Add(second.sequence, 2);
  EXPECT_EQ(batch.RowsThatFit(second.sequence), 0u);
  const backend::Batch view = batch.View();
  EXPECT_THAT(view.positions, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 0, 1));
  EXPECT_THAT(view.sequences, ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 1, 1));
  EXPECT_TRUE(view.output_rows.empty());
}

TEST(StepBatch, WantsLogitsOfTheLastRowOnly) {
  StepBatch batch({.rows = 10, .outputs = 4, .chunk_tokens = 10});
  Pending pending(6);
  batch.Add(pending.sequence, 6);
  EXPECT_THAT(batch.View().output_rows, ElementsAre(5));
  EXPECT_EQ(batch.entries()[0].outputs, 1u);
}

TEST(StepBatch, WantsNoLogitsForAPrefillAlone) {
  StepBatch batch({.rows = 10, .outputs = 4, .chunk_tokens = 10});
  Pending pending(6, 0);
  batch.Add(pending.sequence, 6);
  EXPECT_TRUE(batch.View().output_rows.empty());
}

TEST(StepBatch, SplitsChunksAtTheOutputLimit) {
  StepBatch batch({.rows = 10, .outputs = 4, .chunk_tokens = 10});
  Pending pending(6);
  pending.WantAllLogits();
  EXPECT_EQ(batch.RowsThatFit(pending.sequence), 4u);
}

TEST(StepBatch, LeavesTheLastRowForLaterWhenNoOutputIsFree) {
  StepBatch batch({.rows = 10, .outputs = 1, .chunk_tokens = 10});
  Pending first(1), second(5);
  batch.Add(first.sequence, 1);
  EXPECT_EQ(batch.RowsThatFit(second.sequence), 4u);
  batch.Add(second.sequence, 4);
  EXPECT_EQ(batch.entries()[1].outputs, 0u);
}

TEST(StepBatch, NumbersTheOutputsOfEachSequence) {
  StepBatch batch({.rows = 10, .outputs = 10, .chunk_tokens = 10});
  Pending first(2), second(3);
  second.WantAllLogits();
  batch.Add(first.sequence, 2);
  batch.Add(second.sequence, 3);
  EXPECT_THAT(batch.View().output_rows, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(batch.entries()[1].first_output, 1u);
  EXPECT_EQ(batch.entries()[1].outputs, 3u);
}

TEST(StepBatch, StartsEmptyAfterClear) {
  StepBatch batch({.rows = 4, .outputs = 4, .chunk_tokens = 4});
  Pending pending(4);
  batch.Add(pending.sequence, 4);
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.RowsThatFit(pending.sequence), 4u);
}

}  // namespace
}  // namespace sterna::engine
