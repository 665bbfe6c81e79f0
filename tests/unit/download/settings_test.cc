// SPDX-License-Identifier: Apache-2.0
#include "download/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sterna::download {
namespace {

class SettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "HF_HOME", "STERNA_CACHE",
                             "STERNA_CACHE_DIR", "STERNA_CACHE_LIMIT", "XDG_CACHE_HOME"}) {
      unsetenv(name);
    }
    setenv("HOME", "/h", 1);
  }
};

TEST_F(SettingsTest, Defaults) {
  const auto settings = Settings::FromEnvironment();
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ("https://huggingface.co", settings->endpoint);
  EXPECT_EQ("/h/.cache/sterna/models", settings->cache_folder);
  EXPECT_EQ("/h/.cache/huggingface/hub", settings->hub_cache_folder);
  EXPECT_FALSE(settings->offline);
  EXPECT_EQ(0u, settings->cache_limit_bytes);
}

TEST_F(SettingsTest, FoldersComeFromTheNarrowestVariable) {
  setenv("XDG_CACHE_HOME", "relative", 1);  // does not count
  EXPECT_EQ("/h/.cache/sterna/models", Settings::FromEnvironment()->cache_folder);
  setenv("XDG_CACHE_HOME", "/x", 1);
  EXPECT_EQ("/x/sterna/models", Settings::FromEnvironment()->cache_folder);
  EXPECT_EQ("/x/huggingface/hub", Settings::FromEnvironment()->hub_cache_folder);
  setenv("HF_HOME", "/f", 1);
  EXPECT_EQ("/f/hub", Settings::FromEnvironment()->hub_cache_folder);
  setenv("HF_HUB_CACHE", "/c", 1);
  EXPECT_EQ("/c", Settings::FromEnvironment()->hub_cache_folder);
  setenv("STERNA_CACHE_DIR", "/d", 1);
  EXPECT_EQ("/d", Settings::FromEnvironment()->cache_folder);
  setenv("STERNA_CACHE", "/s", 1);
  EXPECT_EQ("/s", Settings::FromEnvironment()->cache_folder);
}

TEST_F(SettingsTest, WithoutAHomeThereIsNoFolder) {
  unsetenv("HOME");
  EXPECT_TRUE(Settings::FromEnvironment()->cache_folder.empty());
}

TEST_F(SettingsTest, RefusesBadValuesAndNeverShowsTheToken) {
  for (const char* endpoint : {"ftp://x", "huggingface.co", "https://user@host", "https://host?x", "https://a b"}) {
    setenv("HF_ENDPOINT", endpoint, 1);
    EXPECT_FALSE(Settings::FromEnvironment().ok()) << endpoint;
  }
  setenv("HF_ENDPOINT", "http://127.0.0.1:1/", 1);
  EXPECT_EQ("http://127.0.0.1:1", Settings::FromEnvironment()->endpoint);
  for (const char* limit : {"0", "-1", "1.5", "x", "99999999999999999999"}) {
    setenv("STERNA_CACHE_LIMIT", limit, 1);
    EXPECT_FALSE(Settings::FromEnvironment().ok()) << limit;
  }
  setenv("STERNA_CACHE_LIMIT", "3", 1);
  EXPECT_EQ(3u << 20, Settings::FromEnvironment()->cache_limit_bytes);
  setenv("HF_TOKEN", "se\ncret", 1);
  const auto refused = Settings::FromEnvironment();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(std::string::npos, refused.status().message().find("cret"));
  setenv("HF_TOKEN", "secret\n", 1);
  EXPECT_EQ("secret", Settings::FromEnvironment()->token);
}

TEST_F(SettingsTest, OfflineIsWhatHuggingFaceTakesForIt) {
  for (const char* on : {"1", "ON", "yes", "True"}) {
    setenv("HF_HUB_OFFLINE", on, 1);
    EXPECT_TRUE(Settings::FromEnvironment()->offline) << on;
  }
  for (const char* off : {"0", "", "no"}) {
    setenv("HF_HUB_OFFLINE", off, 1);
    EXPECT_FALSE(Settings::FromEnvironment()->offline) << off;
  }
}

}  // namespace
}  // namespace sterna::download
