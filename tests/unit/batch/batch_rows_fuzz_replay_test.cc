// SPDX-License-Identifier: Apache-2.0
//
// The fuzz target's check over its seeds, over seeds cut short and over seeds with a few bytes changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "batch_rows_fuzz_body.h"
#include "support/test_sequences.h"

namespace sterna::fuzz {
namespace {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(STERNA_FUZZ_CORPUS "/batch_rows")) {
    std::ifstream in(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

std::string Check(const std::string& input) {
  return CheckBatchRows({reinterpret_cast<const uint8_t*>(input.data()), input.size()});
}

TEST(BatchRowsFuzzer, SurvivesItsSeedsWholeAndCutShort) {
  const auto seeds = Seeds();
  ASSERT_GE(seeds.size(), 8u);
  for (const std::string& seed : seeds) {
    for (size_t size = 0; size <= seed.size(); ++size) EXPECT_EQ(Check(seed.substr(0, size)), "");
  }
}

TEST(BatchRowsFuzzer, SurvivesSeedsWithChangedBytes) {
  sterna::testing::Lcg lcg(41);
  for (const std::string& seed : Seeds()) {
    for (int round = 0; round < 300; ++round) {
      std::string changed = seed;
      constexpr char kNasty[] = {0, '\n', '\r', '0', '-', '"', '[', ']', '{', '}', ',', ':', '\\', char(255)};
      for (uint32_t i = 0; i <= lcg.Next() % 3; ++i) {
        changed[lcg.Next() % changed.size()] = kNasty[lcg.Next() % std::size(kNasty)];
      }
      EXPECT_EQ(Check(changed), "");
    }
  }
}

}  // namespace
}  // namespace sterna::fuzz
