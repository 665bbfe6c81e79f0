// SPDX-License-Identifier: Apache-2.0
//
// Rows on many threads; meant for the thread sanitizer as much as for its own checks.
#include "batch/run_rows.h"

#include <gmock/gmock.h>

#include <atomic>

#include "support/temporary_folder.h"

namespace sterna::batch {
namespace {

using ::testing::HasSubstr;

class RunRowsTest : public ::testing::Test {
 protected:
  static std::unique_ptr<engine::Engine> Load(uint32_t workers) {
    engine::EngineOptions options;
    options.threads = 2;
    options.context_tokens = 128;
    options.max_sessions = workers;
    auto engine = engine::Engine::Load(STERNA_TEST_DATA "/models/b158-tiny.i2_s.gguf", options);
    EXPECT_TRUE(engine.ok()) << engine.status().message();
    return engine.ok() ? *std::move(engine) : nullptr;
  }

  static std::vector<Row> Questions(size_t count) {
    std::vector<Row> rows(count);
    for (size_t i = 0; i < count; ++i) {
      rows[i].prompt = "row " + std::to_string(i);
      rows[i].request.max_tokens = uint32_t(1 + i % 7);
      rows[i].request.ignore_end_of_generation = true;
      rows[i].request.sampling.seed = i;
    }
    return rows;
  }

  Result<std::vector<RowResult>> Run(const std::vector<Row>& rows, uint32_t workers, const RunOptions& options = {}) {
    const auto engine = Load(workers);
    auto journal = Journal::Open(folder_.File("journal"), {1, 1}, false);
    if (!journal.ok()) return journal.status();
    RunOptions with_workers = options;
    with_workers.workers = workers;
    return RunRows(*engine, rows, *journal, with_workers);
  }

  static std::vector<std::string> Outputs(const std::vector<RowResult>& results) {
    std::vector<std::string> outputs;
    for (const RowResult& result : results) outputs.push_back(result.output);
    return outputs;
  }

  void Forget() { std::filesystem::remove(folder_.File("journal")); }

  testing::TemporaryFolder folder_;
};

TEST_F(RunRowsTest, AnswersDoNotDependOnTheNumberOfWorkers) {
  const std::vector<Row> rows = Questions(13);
  const auto one = Run(rows, 1);
  ASSERT_TRUE(one.ok()) << one.status().message();
  Forget();
  const auto many = Run(rows, 5);
  ASSERT_TRUE(many.ok());
  EXPECT_EQ(Outputs(*one), Outputs(*many));
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ((*many)[i].tokens_generated, rows[i].request.max_tokens);
    EXPECT_EQ((*many)[i].error, "");
  }
}

TEST_F(RunRowsTest, AFaultStaysWithItsRow) {
  std::vector<Row> rows = Questions(6);
  rows[1].status = Status::Corrupt("line 2: broken");
  rows[2].request.sampling.temperature = 9;
  rows[3].prompt = std::string(2000, 'x');
  rows[4].prompt.reset();
  rows[4].messages = {{text::Role::kUser, "no template"}};
  const auto results = Run(rows, 3);
  ASSERT_TRUE(results.ok()) << results.status().message();
  EXPECT_EQ((*results)[0].error, "");
  EXPECT_EQ((*results)[1].error, "line 2: broken");
  EXPECT_THAT((*results)[2].error, HasSubstr("temperature"));
  EXPECT_THAT((*results)[3].error, HasSubstr("context"));
  EXPECT_THAT((*results)[4].error, HasSubstr("no chat template"));
  EXPECT_EQ((*results)[5].error, "");
}

TEST_F(RunRowsTest, GoesOnWhereItWasStopped) {
  const std::vector<Row> rows = Questions(12);
  std::atomic<size_t> answered = 0;
  RunOptions options;
  options.on_progress = [&](const Progress& progress) { answered = progress.done; };
  options.should_stop = [&] { return answered >= 4; };
  EXPECT_EQ(Run(rows, 2, options).status().code(), StatusCode::kCancelled);
  Progress last;
  options.on_progress = [&](const Progress& progress) { last = progress; };
  options.should_stop = nullptr;
  const auto rest = Run(rows, 2, options);
  ASSERT_TRUE(rest.ok());
  EXPECT_GE(last.from_journal, 4u);
  EXPECT_EQ(last.done, rows.size());
  Forget();
  EXPECT_EQ(Outputs(*rest), Outputs(*Run(rows, 1)));
}

TEST_F(RunRowsTest, ARowThatTakesTooLongFails) {
  RunOptions options;
  options.row_timeout = std::chrono::duration<double>(0);
  const auto results = Run(Questions(2), 2, options);
  ASSERT_TRUE(results.ok());
  for (const RowResult& result : *results) EXPECT_THAT(result.error, HasSubstr("no answer within 0 s"));
}

}  // namespace
}  // namespace sterna::batch
