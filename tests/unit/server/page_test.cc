// SPDX-License-Identifier: Apache-2.0
#include "server/page.h"

#include <gtest/gtest.h>

namespace sterna::server {
namespace {

TEST(PageTest, TheFilesAreThereWithTheirTypes) {
  EXPECT_EQ(FindPageFile("/")->content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(FindPageFile("/")->bytes.starts_with("<!doctype html>"));
  EXPECT_EQ(FindPageFile("/page/page.css")->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(FindPageFile("/page/main.js")->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(FindPageFile("/page/icon.svg")->content_type, "image/svg+xml");
}

TEST(PageTest, NothingElseIsThere) {
  for (const char* path : {"", "/page", "/page/", "/page/none.js", "/page/../page.cc", "/main.js", "//"}) {
    EXPECT_FALSE(FindPageFile(path)) << path;
  }
}

TEST(PageTest, WhoHasItAlreadyGetsNoBody) {
  const PageFile file = *FindPageFile("/page/main.js");
  const HttpReply whole = PageReply(file, "\"another\"");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, file.bytes);
  for (const std::string& held : {std::string("*"), std::string(file.etag), "\"a\", W/" + std::string(file.etag)}) {
    const HttpReply reply = PageReply(file, held);
    EXPECT_EQ(reply.status, 304) << held;
    EXPECT_TRUE(reply.body.empty());
  }
}

}  // namespace
}  // namespace sterna::server
