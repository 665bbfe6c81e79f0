// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace sterna {
namespace {

// Each test starts and ends with the default levels.
class LogTest : public testing::Test {
 protected:
  LogTest() { EXPECT_TRUE(ConfigureLog("").ok()); }
  ~LogTest() override { EXPECT_TRUE(ConfigureLog("").ok()); }
};

TEST_F(LogTest, ShowsWarningsAndErrorsByDefault) {
  EXPECT_TRUE(LogEnabled(LogLevel::kError, "model"));
  EXPECT_TRUE(LogEnabled(LogLevel::kWarn, "model"));
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo, "model"));
}

TEST_F(LogTest, SetsOneLevelForAllRooms) {
  ASSERT_TRUE(ConfigureLog("error").ok());
  EXPECT_FALSE(LogEnabled(LogLevel::kWarn, "model"));
  ASSERT_TRUE(ConfigureLog("debug").ok());
  EXPECT_TRUE(LogEnabled(LogLevel::kDebug, "model"));
  EXPECT_FALSE(LogEnabled(LogLevel::kTrace, "model"));
}

TEST_F(LogTest, SetsTheLevelOfOneRoomAlone) {
  ASSERT_TRUE(ConfigureLog("info,kernels=trace,text=error").ok());
  EXPECT_TRUE(LogEnabled(LogLevel::kTrace, "kernels"));
  EXPECT_FALSE(LogEnabled(LogLevel::kWarn, "text"));
  EXPECT_TRUE(LogEnabled(LogLevel::kInfo, "model"));
  EXPECT_FALSE(LogEnabled(LogLevel::kDebug, "model"));
}

TEST_F(LogTest, NamesTheBadPartAndChangesNothing) {
  for (const char* spec : {"loud", "info,kernels=loud", "info,kernel=trace", ",info", "kernels=", "=info"}) {
    EXPECT_EQ(StatusCode::kInvalidArgument, ConfigureLog(spec).code()) << spec;
    EXPECT_FALSE(LogEnabled(LogLevel::kInfo, "kernels")) << spec;
  }
  EXPECT_NE(std::string::npos, ConfigureLog("info,kernel=trace").message().find("'kernel=trace'"));
}

TEST_F(LogTest, WritesLevelRoomAndTextToStderr) {
  testing::internal::CaptureStderr();
  Log(LogLevel::kWarn, "format", "tensor {} is odd");
  Log(LogLevel::kInfo, "format", "not shown");
  EXPECT_EQ("sterna: warn: [format] tensor {} is odd\n", testing::internal::GetCapturedStderr());
}

TEST_F(LogTest, KeepsLinesOfSeveralThreadsWhole) {
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) Log(LogLevel::kError, "engine", "one whole line");
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += "sterna: error: [engine] one whole line\n";
  EXPECT_EQ(expected, testing::internal::GetCapturedStderr());
}

}  // namespace
}  // namespace sterna
