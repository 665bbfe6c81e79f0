// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "support/temporary_folder.h"

namespace sterna::format {
namespace {

using ::testing::HasSubstr;

class SafetensorsFolderTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(folder_.File(name), std::ios::binary) << content;
  }
  // A file of one tensor of one byte.
  void WriteShard(const std::string& name, const std::string& tensor) {
    const std::string header = R"({")" + tensor + R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    std::string length(8, '\0');
    length[0] = char(header.size());
    Write(name, length + header + "x");
  }
  void WriteIndex(const std::string& map) { Write("model.safetensors.index.json", map); }
  Result<SafetensorsFolder> Open() { return SafetensorsFolder::Open(folder_.path().string()); }
  void ExpectCorrupt(const std::string& index, const std::string& part) {
    WriteIndex(index);
    const auto opened = Open();
    ASSERT_FALSE(opened.ok()) << index;
    EXPECT_EQ(opened.status().code(), StatusCode::kCorrupt);
    EXPECT_THAT(opened.status().message(), HasSubstr(part));
  }

  sterna::testing::TemporaryFolder folder_;
};

TEST_F(SafetensorsFolderTest, OneFileNeedsNoIndex) {
  EXPECT_EQ(Open().status().code(), StatusCode::kNotFound);
  WriteShard("model.safetensors", "a");
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_NE(opened->FindTensor("a"), nullptr);
}

TEST_F(SafetensorsFolderTest, ShardsComeFromTheIndex) {
  WriteShard("1.safetensors", "a");
  WriteShard("2.safetensors", "b");
  WriteShard("unlisted.safetensors", "c");
  WriteIndex(R"({"metadata":{"total_size":2},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}})");
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->files().size(), 2u);
  EXPECT_NE(opened->FindTensor("b"), nullptr);
  EXPECT_EQ(opened->FindTensor("c"), nullptr);
}

TEST_F(SafetensorsFolderTest, IndexThatDisagreesWithItsFiles) {
  WriteShard("1.safetensors", "a");
  WriteShard("2.safetensors", "b");
  ExpectCorrupt(R"({"weight_map":{"a":"1.safetensors","b":"1.safetensors"}})", "lists 2 tensors, and its files hold 1");
  ExpectCorrupt(R"({"weight_map":{"b":"1.safetensors"}})", "tensor 'a' is not listed for it");
  WriteIndex(R"({"weight_map":{"a":"absent.safetensors"}})");
  EXPECT_EQ(Open().status().code(), StatusCode::kNotFound);
}

TEST_F(SafetensorsFolderTest, FileNamesThatLeadElsewhere) {
  for (const char* name :
       {"../1.safetensors", "/1.safetensors", "d/1.safetensors", "1.bin", "", "a\\u0000.safetensors"}) {
    WriteShard("1.safetensors", "a");
    WriteIndex(R"({"weight_map":{"a":")" + std::string(name) + "\"}}");
    const auto opened = Open();
    ASSERT_FALSE(opened.ok()) << name;
    EXPECT_THAT(opened.status().message(), HasSubstr("is no file name of the folder")) << name;
  }
}

TEST_F(SafetensorsFolderTest, IndexesThatAreNone) {
  ExpectCorrupt("", "it is no JSON");
  ExpectCorrupt("{", "it is no JSON");
  ExpectCorrupt("{}", "its weight_map names no tensor");
  ExpectCorrupt(std::string("{}\0", 3), "it holds a NUL byte");
  ExpectCorrupt(R"({"weight_map":[]})", "a list is not what an index has");
  ExpectCorrupt(R"({"weight_map":"x"})", "must hold a file name for each tensor");
  ExpectCorrupt(R"({"weight_map":{"a":1}})", "must hold a file name for each tensor");
  ExpectCorrupt(R"({"weight_map":{"a":{}}})", "it nests deeper");
  ExpectCorrupt(R"({"weight_map":{"a":"1.safetensors","a":"1.safetensors"}})", "tensor 'a' is there twice");
}

}  // namespace
}  // namespace sterna::format
