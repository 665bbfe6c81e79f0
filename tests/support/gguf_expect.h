// SPDX-License-Identifier: Apache-2.0
//
// Expectations on what the GGUF reader makes of an image.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "format/gguf_file.h"

namespace sterna::testing {

inline constexpr char kImageName[] = "m.gguf";

// Parse() must answer with `code` and one line that names the file and holds `text`.
inline void ExpectRefused(std::span<const std::byte> image, StatusCode code, const std::string& text) {
  const auto file = format::GgufFile::Parse(image, kImageName);
  ASSERT_FALSE(file.ok()) << "expected a refusal with: " << text;
  const std::string& message = file.status().message();
  EXPECT_EQ(file.status().code(), code) << message;
  EXPECT_THAT(message, ::testing::StartsWith("file 'm.gguf': "));
  EXPECT_THAT(message, ::testing::HasSubstr(text));
  EXPECT_THAT(message, ::testing::Not(::testing::HasSubstr("\n")));
}

inline void ExpectCorrupt(std::span<const std::byte> image, const std::string& text) {
  ExpectRefused(image, StatusCode::kCorrupt, text);
}

// Parse() must load the image with exactly one warning, which holds `text`.
inline void ExpectWarning(std::span<const std::byte> image, const std::string& text) {
  const auto file = format::GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_THAT(file->warnings(), ::testing::ElementsAre(::testing::HasSubstr(text)));
}

inline void ExpectLoads(std::span<const std::byte> image) {
  const auto file = format::GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_THAT(file->warnings(), ::testing::IsEmpty());
}

}  // namespace sterna::testing
