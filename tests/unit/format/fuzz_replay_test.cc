// SPDX-License-Identifier: Apache-2.0
//
// The fuzzer's own function over its seeds and over seeds with a few bytes changed: what any machine can check in a
// second, fuzzer or not.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "format/gguf_file.h"
#include "support/test_sequences.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sterna::format {
namespace {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(STERNA_FUZZ_CORPUS "/gguf_reader")) {
    std::ifstream in(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

void Feed(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

TEST(GgufFuzzer, SurvivesItsSeeds) {
  const auto seeds = Seeds();
  ASSERT_GE(seeds.size(), 20u);
  for (const std::string& seed : seeds) Feed(seed);
}

TEST(GgufFuzzer, SurvivesSeedsCutShort) {
  for (const std::string& seed : Seeds()) {
    for (size_t size = 0; size < std::min<size_t>(seed.size(), 300); ++size) Feed(seed.substr(0, size));
  }
}

TEST(GgufFuzzer, SurvivesSeedsWithChangedBytes) {
  sterna::testing::Lcg lcg(17);
  for (const std::string& seed : Seeds()) {
    for (int round = 0; round < 300; ++round) {
      std::string changed = seed;
      const size_t head = std::min<size_t>(changed.size(), 200);
      for (uint32_t i = 0; i <= lcg.Next() % 3; ++i) {
        constexpr char kNasty[] = {0, 1, 2, 31, 32, 36, 64, 127, char(128), char(255)};
        changed[lcg.Next() % head] = kNasty[lcg.Next() % std::size(kNasty)];
      }
      Feed(changed);
    }
  }
}

TEST(GgufFuzzer, SeedsOfReadableTypesAreReadable) {
  size_t readable = 0;
  for (const std::string& seed : Seeds()) {
    const auto file = GgufFile::Parse(std::as_bytes(std::span(seed)), "seed");
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    for (const GgufTensor& tensor : file->tensors()) readable += tensor.type.has_value();
  }
  EXPECT_GE(readable, 15u);
}

}  // namespace
}  // namespace sterna::format
