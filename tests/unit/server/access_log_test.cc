// SPDX-License-Identifier: Apache-2.0
#include "server/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

namespace sterna::server {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class Silent : public Responder {
 public:
  void Send(HttpReply) override {}
  void Begin(HttpReply) override {}
  void Write(std::string) override {}
  void End() override {}
  bool gone() const override { return false; }
};

class AccessLogTest : public ::testing::Test {
 protected:
  ~AccessLogTest() override {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".1");
  }
  static std::vector<Json> Lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<Json> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
    return lines;
  }
  static HttpRequest Request() {
    HttpRequest request;
    request.method = "POST";
    request.path = "/v1/chat/completions";
    request.peer = "10.0.0.7";
    request.authorization = "Bearer secret";
    request.traceparent = kTraceparent;
    return request;
  }

  const std::string path_ = ::testing::TempDir() + "access_log_" + std::to_string(getpid());
  const std::unique_ptr<AccessLog> log_ = AccessLog::Open(path_).value();
};

TEST_F(AccessLogTest, WritesWhatAStreamTook) {
  {
    const auto responder = LoggedResponder(Request(), std::make_shared<Silent>(), *log_);
    responder->Begin({.body = {}, .headers = {{"X-Request-Id", "abc"}}});
    responder->Write("12345");
    responder->Note(
        {.queue_ms = 1.5, .prompt_tokens = 7, .cached_tokens = 64, .completion_tokens = 3, .finish = "stop"});
    responder->Write("678");
    responder->End();
  }
  const std::vector<Json> lines = Lines(path_);
  ASSERT_EQ(1u, lines.size());
  const Json& line = lines[0];
  EXPECT_EQ("abc", line["id"]);
  EXPECT_EQ("10.0.0.7", line["peer"]);
  EXPECT_EQ("POST", line["method"]);
  EXPECT_EQ("/v1/chat/completions", line["path"]);
  EXPECT_EQ(200, line["status"]);
  EXPECT_EQ(8, line["bytes"]);
  EXPECT_EQ(1.5, line["queue_ms"]);
  EXPECT_EQ(7, line["prompt_tokens"]);
  EXPECT_EQ(64, line["cached_tokens"]);
  EXPECT_EQ(3, line["completion_tokens"]);
  EXPECT_EQ("stop", line["finish"]);
  EXPECT_EQ("0af7651916cd43dd8448eb211c80319c", line["trace_id"]);
  EXPECT_GE(line["duration_ms"], 0.0);
  EXPECT_FALSE(line.contains("aborted"));
  EXPECT_THAT(line.dump(), ::testing::Not(HasSubstr("secret")));
}

TEST_F(AccessLogTest, SaysWhatHadNoEnd) {
  LoggedResponder(Request(), std::make_shared<Silent>(), *log_)->Begin({.body = {}, .headers = {}});
  EXPECT_EQ(true, Lines(path_).at(0)["aborted"]);
}

TEST_F(AccessLogTest, WritesRefusals) {
  LogRefusal(Request(), {.status = 401, .body = "no", .headers = {}}, *log_);
  EXPECT_EQ(401, Lines(path_).at(0)["status"]);
}

TEST_F(AccessLogTest, GoesOnInANewFileWhenItIsOpenedAgain) {
  log_->Write("1");
  std::filesystem::rename(path_, path_ + ".1");
  log_->Write("2");
  ASSERT_TRUE(log_->Reopen().ok());
  log_->Write("3");
  EXPECT_EQ((std::vector<Json>{1, 2}), Lines(path_ + ".1"));
  EXPECT_EQ((std::vector<Json>{3}), Lines(path_));
}

TEST_F(AccessLogTest, SaysWhyItCannotBeWritten) {
  const Status status = AccessLog::Open("/nonexistent/log").status();
  EXPECT_EQ(StatusCode::kUnavailable, status.code());
  EXPECT_THAT(status.message(), HasSubstr("/nonexistent/log"));
}

TEST(Traceparent, IsTakenWhereItIsOne) {
  const std::string good = kTraceparent;
  EXPECT_EQ("0af7651916cd43dd8448eb211c80319c", TraceOf(good));
  for (const std::string& bad : {std::string(), good + "0", "ff" + good.substr(2), "0x" + good.substr(2),
                                 std::string(good).replace(3, 32, 32, '0'), std::string(good).replace(36, 16, 16, '0'),
                                 std::string(good).replace(10, 1, "A"), std::string(good).replace(2, 1, "_")}) {
    EXPECT_EQ("", TraceOf(bad)) << bad;
  }
}

}  // namespace
}  // namespace sterna::server
