// SPDX-License-Identifier: Apache-2.0
//
// The seeds of the chat templates' fuzz target, and what fuzzing has found, on every run of the tests.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "template_fuzz_body.h"

namespace sterna::fuzz {
namespace {

TEST(TemplateCorpus, HasNothingWrong) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(STERNA_FUZZ_CORPUS "/template")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::vector<uint8_t> input{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    for (const size_t kept : {input.size(), input.size() / 2, input.size() / 3}) {
      EXPECT_EQ(CheckTemplateInput(std::span(input).first(kept)), "") << entry.path() << ", first " << kept << " bytes";
    }
    ++count;
  }
  EXPECT_GE(count, 90u);
}

}  // namespace
}  // namespace sterna::fuzz
