// SPDX-License-Identifier: Apache-2.0
//
// The fuzz target's check over its seeds, over seeds cut short and over seeds with a few bytes changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "folder_json_fuzz_body.h"
#include "support/test_sequences.h"

namespace sterna::fuzz {
namespace {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(STERNA_FUZZ_CORPUS "/folder_json")) {
    std::ifstream in(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

std::string Check(const std::string& input) {
  return CheckFolderJson({reinterpret_cast<const uint8_t*>(input.data()), input.size()});
}

TEST(FolderJsonFuzzer, SurvivesItsSeedsWholeAndCutShort) {
  const auto seeds = Seeds();
  ASSERT_GE(seeds.size(), 8u);
  for (const std::string& seed : seeds) {
    for (size_t size = 0; size <= seed.size(); ++size) EXPECT_EQ(Check(seed.substr(0, size)), "");
  }
}

TEST(FolderJsonFuzzer, SurvivesSeedsWithChangedBytes) {
  sterna::testing::Lcg lcg(31);
  for (const std::string& seed : Seeds()) {
    for (int round = 0; round < 500; ++round) {
      std::string changed = seed;
      for (uint32_t i = 0; i <= lcg.Next() % 3; ++i) {
        constexpr char kNasty[] = {0, 1, '0', '9', '-', '.', '"', '[', ']', '{', '}', ',', ':', '\\', char(255)};
        changed[lcg.Next() % changed.size()] = kNasty[lcg.Next() % std::size(kNasty)];
      }
      EXPECT_EQ(Check(changed), "");
    }
  }
}

TEST(FolderJsonFuzzer, SeedsAreWhatTheReadersTake) {
  for (const std::string& seed : Seeds()) {
    const auto json = format::ParseJson(seed.substr(1), "seed");
    ASSERT_TRUE(json.ok());
    if (seed[0] == 0) {
      EXPECT_TRUE(text::ParseTokenizerJson(*json, "seed", kFuzzedVocabulary).ok());
    } else {
      EXPECT_TRUE(convert::ParseFolderConfig(*json, "seed").ok());
    }
  }
}

}  // namespace
}  // namespace sterna::fuzz
