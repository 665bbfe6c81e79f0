// SPDX-License-Identifier: Apache-2.0
#include "server/access.h"

#include <gtest/gtest.h>

namespace sterna::server {
namespace {

TEST(Access, KeysComeFromTwoHeaders) {
  HttpRequest head;
  EXPECT_EQ(KeyOf(head), "");
  head.authorization = "Bearer abc";
  EXPECT_EQ(KeyOf(head), "abc");
  head.authorization = "bEaReR   abc";
  EXPECT_EQ(KeyOf(head), "abc");
  head.authorization = "Basic abc";
  head.api_key = "xyz";
  EXPECT_EQ(KeyOf(head), "xyz");
}

TEST(Access, PagesOfOtherSitesMayNotAsk) {
  const std::vector<std::string> allowed = {"https://good.example"};
  const auto may_ask = [&](const std::string& origin, const std::string& host) {
    HttpRequest head;
    head.origin = origin;
    head.host = host;
    return OriginAllowed(head, allowed);
  };
  EXPECT_TRUE(may_ask("", "anything"));
  EXPECT_TRUE(may_ask("https://GOOD.example", "127.0.0.1:8080"));
  EXPECT_TRUE(may_ask("http://127.0.0.1:8080", "127.0.0.1:8080"));
  EXPECT_TRUE(may_ask("http://localhost:8080", "localhost:8080"));
  EXPECT_TRUE(may_ask("http://[::1]:8080", "[::1]:8080"));
  EXPECT_FALSE(may_ask("http://evil.example", "127.0.0.1:8080"));
  EXPECT_FALSE(may_ask("http://evil.example", "evil.example"));  // a name that points here since a moment ago
  EXPECT_FALSE(may_ask("null", "127.0.0.1:8080"));
}

TEST(Access, CorsHeadersNameTheOriginThatAsks) {
  HttpRequest head;
  EXPECT_TRUE(CorsHeaders(head, {"*"}).empty());
  head.origin = "https://one.example";
  EXPECT_EQ(CorsHeaders(head, {"*"}).front().second, "https://one.example");
  EXPECT_TRUE(CorsHeaders(head, {"https://two.example"}).empty());
}

TEST(Access, RequestIdsAreKeptWhenTheyAreHarmless) {
  HttpRequest head;
  head.request_id = "run-1.a_B";
  EXPECT_EQ(RequestIdOf(head), "run-1.a_B");
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\r\nX: y"), std::string(65, 'x')}) {
    head.request_id = bad;
    EXPECT_EQ(RequestIdOf(head).size(), 24u);
  }
}

}  // namespace
}  // namespace sterna::server
