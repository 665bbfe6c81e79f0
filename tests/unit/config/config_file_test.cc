// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sterna::config {
namespace {

using ::testing::HasSubstr;

TEST(SettingAValue, KeepsCommentsAndOrder) {
  const std::string text =
      "# top\npreset = \"desktop\"\n\n[engine]  # where\nthread_count = 2 # two\nnuma_aware = false\n";
  EXPECT_EQ("# top\npreset = \"desktop\"\n\n[engine]  # where\nthread_count = 4\nnuma_aware = false\n",
            *WithValue(text, "engine.thread_count", "4"));
  EXPECT_EQ("# top\npreset = \"server\"\n\n[engine]  # where\nthread_count = 2 # two\nnuma_aware = false\n",
            *WithValue(text, "preset", "server"));
}

TEST(SettingAValue, AddsLineAndTable) {
  EXPECT_EQ("[engine]\nthread_count = 4\n", *WithValue("", "engine.thread_count", "4"));
  EXPECT_EQ("[engine]\ndevice = \"cpu\"\nthread_count = 4\n",
            *WithValue("[engine]\nthread_count = 4", "engine.device", "cpu"));
  EXPECT_EQ("[engine]\nthread_count = 4\n\n[batch]\nchunk_size = 2\n",
            *WithValue("[engine]\nthread_count = 4\n", "batch.chunk_size", "2"));
  EXPECT_EQ("preset = \"mobile\"\n[engine]\n", *WithValue("[engine]\n", "preset", "mobile"));
}

TEST(SettingAValue, ReplacesAListOfSeveralLines) {
  EXPECT_EQ(
      "[generation]\nstop_tokens = [ \"c\" ]\nseed = 1\n",
      *WithValue("[generation]\nstop_tokens = [\n  \"a\",\n  \"b\"\n]\nseed = 1\n", "generation.stop_tokens", "c"));
}

TEST(SettingAValue, RefusesWhatItCannotDoByLines) {
  const std::string inline_table = "engine = { thread_count = 2, numa_aware = false }\n";
  const Result<std::string> edited = WithValue(inline_table, "engine.thread_count", "4");
  EXPECT_EQ(StatusCode::kInvalidArgument, edited.status().code());
  EXPECT_THAT(edited.status().message(), HasSubstr("change it with an editor"));
  EXPECT_EQ(StatusCode::kInvalidArgument, WithValue("", "engine.thread_count", "0").status().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, WithValue("", "engine.threads", "1").status().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, WithValue("", "preset", "none").status().code());
}

TEST(SettingAValueInAFile, MakesFolderAndFileAndLeavesNothingElse) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("sterna-set-in-file-" + std::to_string(getpid()));
  const std::string path = folder / "a" / "sterna.toml";
  ASSERT_TRUE(SetInFile(path, "generation.stop_tokens", "[\"x\\\"y\", \"z\"]").ok());
  ASSERT_TRUE(SetInFile(path, "engine.device", "cpu").ok());
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("device = \"cpu\""));
  const auto assignments = ReadConfigFile(path);
  ASSERT_TRUE(assignments.ok());
  EXPECT_EQ(2u, assignments->size());
  EXPECT_EQ(1, std::distance(std::filesystem::directory_iterator(folder / "a"), std::filesystem::directory_iterator()));
  std::filesystem::remove_all(folder);
}

TEST(ReadingAFile, RefusesFoldersAndHugeFiles) {
  EXPECT_EQ(StatusCode::kInvalidArgument, ReadConfigFile("/tmp").status().code());
  EXPECT_EQ(StatusCode::kNotFound, ReadConfigFile("/nowhere/sterna.toml").status().code());
}

}  // namespace
}  // namespace sterna::config
