// SPDX-License-Identifier: Apache-2.0
//
// An engine that asks the environment uses what was tuned for a model; one that is told its configuration does not.
#include "tune/tuned_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/temporary_folder.h"
#include "unit/api/built_in.h"

namespace sterna {
namespace {

class TunedTest : public ::testing::Test {
 protected:
  TunedTest() {
    setenv("XDG_STATE_HOME", folder_.path().c_str(), 1);
    setenv("XDG_CONFIG_HOME", folder_.path().c_str(), 1);
    const std::string file = *tune::TunedFile(kBuiltInModel, tune::ThisMachine());
    EXPECT_TRUE(tune::WriteTuned(file, "for a test", {{"inference.kernels", "no_such"}}).ok());
  }
  ~TunedTest() override {
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("STERNA_INFERENCE__KERNELS");
  }
  const testing::TemporaryFolder folder_;
};

TEST_F(TunedTest, IsUsedByCreate) {
  const Status status = InferenceEngine::create()->load_model(kBuiltInModel).status();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("no_such"));
}

TEST_F(TunedTest, GivesWayToWhatIsSaid) {
  setenv("STERNA_INFERENCE__KERNELS", "scalar", 1);
  EXPECT_TRUE(InferenceEngine::create()->load_model(kBuiltInModel).ok());
}

TEST_F(TunedTest, IsNotUsedByWithConfig) {
  EXPECT_TRUE(InferenceEngine::with_config(Config())->load_model(kBuiltInModel).ok());
}

}  // namespace
}  // namespace sterna
