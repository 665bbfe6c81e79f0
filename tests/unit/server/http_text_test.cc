// SPDX-License-Identifier: Apache-2.0
#include "server/http_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base64.h"
#include "server/sse.h"

namespace sterna::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HttpText, HeadsTellHowBytesAreCut) {
  const HttpReply reply{.status = 429, .body = "12345", .headers = {{"Retry-After", "1"}}};
  const std::string whole = HeadText(reply, Framing::kLength, true);
  EXPECT_THAT(whole, HasSubstr("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(whole, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(whole, HasSubstr("Retry-After: 1\r\nConnection: keep-alive\r\n\r\n"));
  const std::string chunks = HeadText(reply, Framing::kChunks, true);
  EXPECT_THAT(chunks, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(chunks, Not(HasSubstr("Content-Length")));
  const std::string rest = HeadText(reply, Framing::kUntilClose, false);
  EXPECT_THAT(rest, HasSubstr("Connection: close\r\n\r\n"));
  EXPECT_THAT(rest, Not(HasSubstr("chunked")));
}

TEST(HttpText, NoContentHasNoLength) {
  const HttpReply reply{.status = 204, .content_type = "", .body = {}, .headers = {}};
  EXPECT_THAT(HeadText(reply, Framing::kLength, true), Not(HasSubstr("Content-")));
}

TEST(HttpText, ChunksCarryTheirLengthInHex) {
  EXPECT_EQ(ChunkText(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
  EXPECT_EQ(ChunkText(""), "");  // an empty one would be the last
}

TEST(HttpText, EventsEndWithAnEmptyLine) { EXPECT_EQ(SseEvent("{}"), "data: {}\n\n"); }

TEST(HttpText, Base64) {
  const auto encode = [](std::string_view text) {
    return Base64({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("a"), "YQ==");
  EXPECT_EQ(encode("abc"), "YWJj");
}

}  // namespace
}  // namespace sterna::server
