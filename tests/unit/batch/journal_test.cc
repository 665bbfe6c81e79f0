// SPDX-License-Identifier: Apache-2.0
#include "batch/journal.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace sterna::batch {
namespace {

using ::testing::HasSubstr;

constexpr JournalKey kKey{1, 2};

RowResult Answer(const std::string& text) { return {text, "stop", 3, 4, 5.5, 6.25, ""}; }

class JournalTest : public ::testing::Test {
 protected:
  void Fill(int answers) {
    auto journal = Journal::Open(path_, kKey, false);
    ASSERT_TRUE(journal.ok()) << journal.status().message();
    for (int i = 0; i < answers; ++i) ASSERT_TRUE(journal->Add(size_t(i), Answer("line\n" + std::to_string(i))).ok());
  }
  size_t AnswersThere() {
    const auto journal = Journal::Open(path_, kKey, false);
    return journal.ok() ? journal->answers().size() : SIZE_MAX;
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.File("out.jsonl.journal");
};

TEST_F(JournalTest, KeepsAnswers) {
  Fill(2);
  const auto journal = Journal::Open(path_, kKey, false);
  ASSERT_TRUE(journal.ok());
  ASSERT_EQ(journal->answers().size(), 2u);
  const RowResult& second = journal->answers().at(1);
  EXPECT_EQ(second.output, "line\n1");
  EXPECT_EQ(second.finish_reason, "stop");
  EXPECT_EQ(second.prompt_tokens, 3u);
  EXPECT_EQ(second.tokens_generated, 4u);
  EXPECT_EQ(second.time_ms, 5.5);
  EXPECT_EQ(second.tokens_per_second, 6.25);
}

TEST_F(JournalTest, ALineThatWasCutOffIsDroppedAtEveryByte) {
  Fill(2);
  std::ifstream file(path_, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const size_t first_end = whole.find('\n', whole.find('\n') + 1) + 1;
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << whole.substr(0, bytes);
    auto journal = Journal::Open(path_, kKey, false);
    ASSERT_TRUE(journal.ok()) << bytes << ": " << journal.status().message();
    const size_t kept = bytes >= first_end ? 1 : 0;
    ASSERT_EQ(journal->answers().size(), kept) << bytes;
    ASSERT_TRUE(journal->Add(7, Answer("new")).ok());
    journal = Status::Cancelled("closed");
    ASSERT_EQ(AnswersThere(), kept + 1) << bytes;
  }
}

TEST_F(JournalTest, RefusesAnotherInputAndOtherSettings) {
  Fill(1);
  const auto input = Journal::Open(path_, {9, 2}, false);
  EXPECT_EQ(input.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(input.status().message(), HasSubstr("another input"));
  const auto settings = Journal::Open(path_, {1, 9}, false);
  EXPECT_THAT(settings.status().message(), HasSubstr("other settings"));
  EXPECT_EQ(AnswersThere(), 1u);
}

TEST_F(JournalTest, AnewThrowsAwayWhatIsThereUnlessItIsNoJournal) {
  Fill(1);
  {
    auto anew = Journal::Open(path_, {9, 9}, true);
    ASSERT_TRUE(anew.ok()) << anew.status().message();
    EXPECT_EQ(anew->answers().size(), 0u);
  }
  std::ofstream(path_) << "dear diary\n";
  EXPECT_EQ(Journal::Open(path_, kKey, true).status().code(), StatusCode::kCorrupt);
  std::ifstream file(path_);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "dear diary\n");
}

TEST_F(JournalTest, OneWriterAtATime) {
  const auto first = Journal::Open(path_, kKey, false);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Journal::Open(path_, kKey, false).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(JournalTest, GoesWithoutAnswersAndWhenRemoved) {
  Fill(0);
  EXPECT_FALSE(std::filesystem::exists(path_));
  Fill(1);
  EXPECT_TRUE(std::filesystem::exists(path_));
  auto journal = Journal::Open(path_, kKey, false);
  ASSERT_TRUE(journal.ok());
  journal->Remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(JournalTest, AFolderThatIsNotThere) {
  const auto journal = Journal::Open(folder_.File("missing/out.jsonl.journal"), kKey, false);
  EXPECT_EQ(journal.status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace sterna::batch
