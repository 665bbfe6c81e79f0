// SPDX-License-Identifier: Apache-2.0
#include "download/model_name.h"

#include <gtest/gtest.h>

#include <vector>

#include "download/choose_file.h"

namespace sterna::download {
namespace {

std::string Parsed(std::string_view text) {
  const auto name = ParseModelName(text);
  return name.ok() ? name->Text() : "refused";
}

TEST(ModelName, TakesEveryFormOfTheSameName) {
  for (const char* text : {"owner/some-model.1", "hf:owner/some-model.1", "hf://owner/some-model.1",
                           "hf.co/owner/some-model.1", "https://huggingface.co/owner/some-model.1/"}) {
    EXPECT_EQ("owner/some-model.1", Parsed(text)) << text;
  }
  EXPECT_EQ("o/m:i2_s", Parsed("hf.co/o/m:i2_s"));
  EXPECT_EQ("o/m:folder/file.gguf", Parsed("o/m:folder/file.gguf"));
}

TEST(ModelName, ShortNamesAreNamesThatParse) {
  ASSERT_FALSE(KnownModels().empty());
  for (const KnownModel& known : KnownModels()) {
    EXPECT_EQ(known.name, Parsed(known.short_name));
    EXPECT_TRUE(LooksLikeModelName(known.short_name));
  }
}

TEST(ModelName, RefusesWhatCouldBecomeAnotherPathOrAddress) {
  const std::string with_nul("o/m\0x", 5);
  const std::string longest = "o/" + std::string(97, 'a');
  for (const std::string_view text : {std::string_view(""),
                                      std::string_view("model"),
                                      std::string_view("/m"),
                                      std::string_view("o/"),
                                      std::string_view("../m"),
                                      std::string_view("o/.."),
                                      std::string_view("o/../../x"),
                                      std::string_view("o/m/x"),
                                      std::string_view("o/.hidden"),
                                      std::string_view("-o/m"),
                                      std::string_view("o/m:"),
                                      std::string_view("o/m:../x"),
                                      std::string_view("o/m:/etc/passwd"),
                                      std::string_view("o/m?x"),
                                      std::string_view("o/m#x"),
                                      std::string_view("o/m x"),
                                      std::string_view("o@h/m"),
                                      std::string_view("a--b/m"),
                                      std::string_view(with_nul),
                                      std::string_view(longest),
                                      std::string_view("http://example.com/o/m")}) {
    EXPECT_EQ("refused", Parsed(text)) << text;
  }
}

TEST(ModelName, TellsNamesFromPaths) {
  for (const char* text : {"owner/model", "hf:owner/model", "owner/model:file.gguf", "owner/model-gguf"}) {
    EXPECT_TRUE(LooksLikeModelName(text)) << text;
  }
  for (const char* text : {"models/file.gguf", "models/file.sterna", "./owner/model", "/owner/model", "file.gguf",
                           "model", "../owner/model", "a/b/c"}) {
    EXPECT_FALSE(LooksLikeModelName(text)) << text;
  }
}

TEST(FileNames, OfAHubStayBelowTheirFolder) {
  for (const char* name : {"model.gguf", "folder/model.gguf", "a b (1).gguf"})
    EXPECT_TRUE(CheckFileName(name).ok()) << name;
  const std::string with_nul("a\0.gguf", 7);
  const std::string longest = std::string(201, 'a') + ".gguf";
  for (const std::string_view name :
       {std::string_view(""), std::string_view("/a.gguf"), std::string_view("../a.gguf"),
        std::string_view("a/../b.gguf"), std::string_view("a/./b.gguf"), std::string_view("a//b.gguf"),
        std::string_view("a/"), std::string_view("-a.gguf"), std::string_view("a\\b.gguf"),
        std::string_view("c:a.gguf"), std::string_view("a\n.gguf"), std::string_view("\x1b[2J.gguf"),
        std::string_view("\xc3\xa4.gguf"), std::string_view(with_nul), std::string_view(longest),
        std::string_view("1/2/3/4/5/6/7/8/9.gguf")}) {
    EXPECT_FALSE(CheckFileName(name).ok()) << name;
  }
}

TEST(FileNames, AreEncodedInAddresses) { EXPECT_EQ("a%20b/c%23%3F%25.gguf", EncodePath("a b/c#?%.gguf")); }

std::string Chosen(const std::vector<std::string>& files, std::string_view text) {
  const auto index = ChooseFile(files, *ParseModelName(text));
  return index.ok() ? files[*index] : std::string(StatusCodeName(index.status().code()));
}

TEST(ChooseFile, TakesTheOnlyModelFile) {
  EXPECT_EQ("a.GGUF", Chosen({"README.md", "a.GGUF", "config.json"}, "o/m"));
  EXPECT_EQ(StatusCodeName(StatusCode::kNotFound), Chosen({"README.md"}, "o/m"));
}

TEST(ChooseFile, PrefersTheOnlyTernaryOneAndElseRefusesWithTheList) {
  EXPECT_EQ("m-i2_s.gguf", Chosen({"m-f16.gguf", "m-i2_s.gguf", "m-q4_0.gguf"}, "o/m"));
  const std::vector<std::string> several = {"m-i2_s.gguf", "m-tq1_0.gguf"};
  const auto refused = ChooseFile(several, *ParseModelName("o/m"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(StatusCode::kInvalidArgument, refused.status().code());
  for (const std::string& file : several) EXPECT_NE(std::string::npos, refused.status().message().find(file));
}

TEST(ChooseFile, FollowsTheSelector) {
  const std::vector<std::string> files = {"m-i2_s.gguf", "x/m-i2_s.gguf", "m.TQ1_0.gguf", "mi2_s.gguf"};
  EXPECT_EQ("m-i2_s.gguf", Chosen(files, "o/m:m-i2_s.gguf"));
  EXPECT_EQ("x/m-i2_s.gguf", Chosen(files, "o/m:x/m-i2_s.gguf"));
  EXPECT_EQ("m.TQ1_0.gguf", Chosen(files, "o/m:tq1_0"));
  EXPECT_EQ(StatusCodeName(StatusCode::kInvalidArgument), Chosen(files, "o/m:i2_s"));
  EXPECT_EQ(StatusCodeName(StatusCode::kNotFound), Chosen(files, "o/m:q4_0"));
  EXPECT_EQ("mi2_s.gguf", Chosen({"mi2_s.gguf"}, "o/m:mi2_s"));
}

TEST(ChooseFile, LeavesPartsOfModelsOut) {
  EXPECT_EQ(StatusCodeName(StatusCode::kNotFound), Chosen({"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}, "o/m"));
  EXPECT_EQ("best-of-all.gguf", Chosen({"best-of-all.gguf"}, "o/m"));
}

}  // namespace
}  // namespace sterna::download
