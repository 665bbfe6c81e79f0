// SPDX-License-Identifier: Apache-2.0
#include "download/cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <vector>

#include "../../support/temporary_folder.h"
#include "download/file_record.h"
#include "download/find_local.h"
#include "download/hub_cache.h"

namespace sterna::download {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMb = 1000;  // limits are in bytes here: the numbers stay small

void WriteBytes(const fs::path& path, size_t bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
}

class CacheTest : public ::testing::Test {
 protected:
  // A model of `bytes` that was used `age` seconds ago.
  fs::path Put(const std::string& repo, const std::string& file, size_t bytes, int age = 0) {
    fs::path path = cache_.PathOf(repo, file);
    WriteBytes(path, bytes);
    EXPECT_TRUE(WriteRecord(path.string() + ".json", {"", "", "", bytes}).ok());
    fs::last_write_time(path.string() + ".json", fs::file_time_type::clock::now() - std::chrono::seconds(age));
    return path;
  }

  Status MakeRoom(uint64_t bytes, uint64_t limit) {
    removed_.clear();
    return cache_.MakeRoom(bytes, limit, "", [&](const CachedModel& model) { removed_.push_back(model.Text()); });
  }

  testing::TemporaryFolder folder_;
  Cache cache_{folder_.path() / "cache"};
  std::vector<std::string> removed_;
};

TEST_F(CacheTest, AFileIsThereOnlyWithARecordOfItsSize) {
  const fs::path path = Put("o/m", "a.gguf", 10);
  Put("o/m", "sub/b.gguf", 20);
  WriteBytes(cache_.PathOf("o/m", "no-record.gguf"), 5);
  WriteBytes(cache_.PathOf("o/m", "half.gguf.partial"), 7);
  WriteBytes(cache_.folder() / "stray.gguf", 5);
  auto models = cache_.List();
  ASSERT_EQ(3u, models.size());
  EXPECT_EQ("o/m:a.gguf", models[0].Text());
  EXPECT_EQ("o/m:half.gguf", models[1].Text());
  EXPECT_TRUE(models[1].partial);
  EXPECT_EQ("o/m:sub/b.gguf", models[2].Text());
  EXPECT_EQ(2u, cache_.ListRepo("o/m").size());
  WriteBytes(path, 9);  // cut short by somebody
  EXPECT_EQ(1u, cache_.ListRepo("o/m").size());
}

TEST_F(CacheTest, NoFolderIsAnEmptyCache) { EXPECT_TRUE(cache_.List().empty()); }

TEST_F(CacheTest, RemovingTakesEverythingOfAFileAndEmptyFolders) {
  Put("o/m", "sub/a.gguf", 10);
  Put("o/other", "b.gguf", 10);
  ASSERT_TRUE(cache_.Remove(cache_.ListRepo("o/m")[0]).ok());
  EXPECT_FALSE(fs::exists(cache_.folder() / "o" / "m"));
  EXPECT_TRUE(fs::exists(cache_.folder() / "o" / "other"));
}

TEST_F(CacheTest, WhatAnotherProcessFetchesIsNotRemoved) {
  Put("o/m", "a.gguf", 10);
  {
    const auto lock = cache_.TryLock("o/m", "a.gguf");
    ASSERT_TRUE(lock.ok() && *lock);
    EXPECT_FALSE(*cache_.TryLock("o/m", "a.gguf"));
    EXPECT_EQ(StatusCode::kUnavailable, cache_.Remove(cache_.List()[0]).code());
  }
  EXPECT_TRUE(cache_.Remove(cache_.List()[0]).ok());
}

TEST_F(CacheTest, RoomIsMadeByTakingWhatWasUsedLongestAgo) {
  Put("o/m", "middle.gguf", 3 * kMb, 50);
  Put("o/m", "fresh.gguf", 3 * kMb, 10);
  Put("o/m", "stale.gguf", 3 * kMb, 90);
  ASSERT_TRUE(MakeRoom(1 * kMb, 10 * kMb).ok());
  EXPECT_TRUE(removed_.empty());
  ASSERT_TRUE(MakeRoom(2 * kMb, 10 * kMb).ok());
  EXPECT_EQ(std::vector<std::string>{"o/m:stale.gguf"}, removed_);
  ASSERT_TRUE(MakeRoom(10 * kMb, 10 * kMb).ok());
  EXPECT_EQ((std::vector<std::string>{"o/m:middle.gguf", "o/m:fresh.gguf"}), removed_);
  EXPECT_TRUE(cache_.List().empty());
}

TEST_F(CacheTest, AFileAboveTheLimitIsRefusedAndNothingRemoved) {
  Put("o/m", "a.gguf", 3 * kMb);
  EXPECT_EQ(StatusCode::kResourceExhausted, MakeRoom(11 * kMb, 10 * kMb).code());
  EXPECT_EQ(1u, cache_.List().size());
}

TEST_F(CacheTest, WhatIsBeingFetchedCountsInFullAndStays) {
  WriteBytes(cache_.PathOf("o/m", "a.gguf.partial"), 10);
  ASSERT_TRUE(WriteRecord(cache_.PathOf("o/m", "a.gguf.partial.json"), {"", "", "", 6 * kMb}).ok());
  {
    const auto lock = cache_.TryLock("o/m", "a.gguf");
    EXPECT_EQ(StatusCode::kResourceExhausted, MakeRoom(5 * kMb, 10 * kMb).code());
  }
  EXPECT_TRUE(MakeRoom(5 * kMb, 10 * kMb).ok());  // an abandoned part goes
  EXPECT_EQ(std::vector<std::string>{"o/m:a.gguf"}, removed_);
}

class HubCacheTest : public CacheTest {
 protected:
  void PutHub(const std::string& file, size_t bytes) {
    WriteBytes(Repo() / "blobs" / kBlob, bytes);
    fs::create_directories(Snapshot());
    fs::create_symlink("../../blobs/" + std::string(kBlob), Snapshot() / file);
    fs::create_directories(Repo() / "refs");
    std::ofstream(Repo() / "refs" / "main") << kCommit;
  }
  fs::path Repo() const { return folder_.path() / "hub" / "models--o--m"; }
  fs::path Snapshot() const { return Repo() / "snapshots" / kCommit; }

  static constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";
  static constexpr char kBlob[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
};

TEST_F(HubCacheTest, FilesOfTheMainCommitAreFound) {
  PutHub("a.gguf", 12);
  const auto models = AllHubCacheModels(folder_.path() / "hub");
  ASSERT_EQ(1u, models.size());
  EXPECT_EQ("o/m:a.gguf", models[0].Text());
  EXPECT_EQ(12u, models[0].bytes);
  EXPECT_EQ(kBlob, models[0].sha256);
  EXPECT_TRUE(models[0].in_hub_cache);
  fs::remove(Repo() / "blobs" / kBlob);  // a link to nothing is no model
  EXPECT_TRUE(AllHubCacheModels(folder_.path() / "hub").empty());
}

TEST_F(HubCacheTest, ARefThatIsNoCommitLeadsNowhere) {
  PutHub("a.gguf", 12);
  std::ofstream(Repo() / "refs" / "main") << "../../../../etc";
  EXPECT_TRUE(HubCacheModels(folder_.path() / "hub", "o/m").empty());
}

TEST_F(HubCacheTest, LocalLookupTakesOursFirstAndRefusesWhatIsNotClear) {
  PutHub("a.gguf", 12);
  Settings settings;
  settings.cache_folder = cache_.folder();
  settings.hub_cache_folder = folder_.path() / "hub";
  const auto find = [&](std::string_view text) { return FindLocal(settings, *ParseModelName(text)); };
  EXPECT_TRUE((*find("o/m"))->in_hub_cache);
  EXPECT_FALSE(find("o/other")->has_value());
  EXPECT_FALSE(find("o/m:b.gguf")->has_value());
  Put("o/m", "a.gguf", 12);
  EXPECT_FALSE((*find("o/m"))->in_hub_cache);
  Put("o/m", "b.gguf", 12);
  EXPECT_EQ(StatusCode::kInvalidArgument, find("o/m").status().code());
  EXPECT_EQ("b.gguf", (*find("o/m:b"))->file);
}

TEST_F(CacheTest, LookingAModelUpMakesItTheLastToGo) {
  Put("o/m", "used.gguf", 3 * kMb, 90);
  Put("o/other", "idle.gguf", 3 * kMb, 50);
  Settings settings;
  settings.cache_folder = cache_.folder();
  ASSERT_TRUE(FindLocal(settings, *ParseModelName("o/m"))->has_value());
  ASSERT_TRUE(MakeRoom(5 * kMb, 10 * kMb).ok());
  EXPECT_EQ(std::vector<std::string>{"o/other:idle.gguf"}, removed_);
}

}  // namespace
}  // namespace sterna::download
