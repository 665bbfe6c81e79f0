// SPDX-License-Identifier: Apache-2.0
#include "tune/tuned_file.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.h"

namespace sterna::tune {
namespace {

class TunedFileTest : public ::testing::Test {
 protected:
  TunedFileTest() {
    setenv("XDG_STATE_HOME", folder_.path().c_str(), 1);
    std::ofstream(model_) << "model";
  }
  ~TunedFileTest() override { unsetenv("XDG_STATE_HOME"); }

  testing::TemporaryFolder folder_;
  const std::string model_ = folder_.File("m.gguf");
  const Machine machine_ = {"a cpu", 3, 4, 8};
};

TEST_F(TunedFileTest, ReadsWhatWasWritten) {
  const auto path = TunedFile(model_, machine_);
  ASSERT_TRUE(path);
  EXPECT_TRUE(path->starts_with(folder_.path().string()));
  ASSERT_TRUE(ReadTuned(*path).ok());
  EXPECT_TRUE(ReadTuned(*path)->empty());
  ASSERT_TRUE(WriteTuned(*path, "why", {{"engine.thread_count", "3"}, {"inference.kernels", "scalar"}}).ok());
  const auto settings = ReadTuned(*path);
  ASSERT_TRUE(settings.ok());
  ASSERT_EQ(settings->size(), 2u);
  EXPECT_EQ((*settings)[0].key, "engine.thread_count");
  EXPECT_EQ((*settings)[1].text, "scalar");
  ASSERT_TRUE(WriteTuned(*path, "nothing is faster", {}).ok());
  EXPECT_TRUE(ReadTuned(*path)->empty());
}

TEST_F(TunedFileTest, IsForOneModelOnOneMachine) {
  const auto path = TunedFile(model_, machine_);
  EXPECT_EQ(path, TunedFile(model_, machine_));
  for (const Machine& other :
       {Machine{"b cpu", 3, 4, 8}, Machine{"a cpu", 7, 4, 8}, Machine{"a cpu", 3, 2, 8}, Machine{"a cpu", 3, 4, 4}}) {
    EXPECT_NE(path, TunedFile(model_, other));
  }
  std::ofstream(model_) << "another model";
  EXPECT_NE(path, TunedFile(model_, machine_));
  EXPECT_FALSE(TunedFile(folder_.File("missing.gguf"), machine_));
}

TEST_F(TunedFileTest, APlaceThatCannotBeWritten) {
  std::ofstream(folder_.File("sterna")) << "in the way";
  EXPECT_EQ(WriteTuned(*TunedFile(model_, machine_), "", {}).code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sterna::tune
