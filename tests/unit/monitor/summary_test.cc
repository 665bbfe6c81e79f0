// SPDX-License-Identifier: Apache-2.0
#include "monitor/summary.h"

#include <gtest/gtest.h>

#include "unit/monitor/recorded_run.h"

namespace sterna::monitor {
namespace {

const SpanRow& RowOf(const std::vector<SpanRow>& rows, std::string_view name) {
  for (const SpanRow& row : rows) {
    if (row.name == name) return row;
  }
  ADD_FAILURE() << "no span " << name;
  return rows.at(0);
}

TEST(Summary, SelfTimesOfATrackAddUpToTheTimeOfItsOuterSpans) {
  const RecordedRun run;
  const Profile profile = run.profile();
  const std::vector<SpanRow> rows = SpanRows(profile.recorder);
  int64_t self_ns = 0;
  for (const SpanRow& row : rows) self_ns += row.track == "program" ? 0 : row.self_ns;
  EXPECT_EQ(self_ns, 130);
  EXPECT_EQ(RowOf(rows, "step").total_ns, 130);
  EXPECT_EQ(RowOf(rows, "step").self_ns, 0);
  EXPECT_EQ(RowOf(rows, "forward").self_ns, 110);
  EXPECT_EQ(RowOf(rows, "head").self_ns, 20);
  EXPECT_EQ(RowOf(rows, "head").count, 2u);
  EXPECT_EQ(RowOf(rows, "step").longest_ns, 100);
  EXPECT_EQ(RowOf(rows, "answer").total_ns, profile.wall_ns());
}

TEST(Summary, OperationsHaveSharesOfTheirPhaseAndSpeeds) {
  const RecordedRun run;
  const std::vector<OperationRow> rows = OperationRows(run.profile().recorder);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].name, "q k v");
  EXPECT_DOUBLE_EQ(rows[0].share, 0.75);
  EXPECT_DOUBLE_EQ(rows[0].gb_per_second, 4);
  EXPECT_DOUBLE_EQ(rows[0].gmac_per_second, 20);
  EXPECT_DOUBLE_EQ(rows[1].share, 0.25);
  EXPECT_EQ(rows[2].phase, "generation");
  EXPECT_DOUBLE_EQ(rows[2].share, 1);
}

TEST(Summary, OperationsOfTwoEnginesAreOne) {
  Recorder recorder;
  for (int engine = 0; engine < 2; ++engine) recorder.AddOperation("prompt", "head")->Add(10, 1, 2);
  const std::vector<OperationRow> rows = OperationRows(recorder);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].calls, 2u);
  EXPECT_EQ(rows[0].bytes, 2u);
}

TEST(Summary, StepsSayTheirRowsAndTokens) {
  const RecordedRun run;
  const std::vector<StepRow> steps = StepRows(run.profile().recorder);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].rows, 8u);
  EXPECT_EQ(steps[1].tokens, 1u);
  EXPECT_EQ(steps[1].end_ns - steps[1].start_ns, 30);
}

}  // namespace
}  // namespace sterna::monitor
