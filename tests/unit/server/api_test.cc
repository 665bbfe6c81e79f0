// SPDX-License-Identifier: Apache-2.0
//
// The API without sockets: what a responder is told.
#include "server/api.h"

#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "unit/server/tiny_api.h"

namespace sterna::server {
namespace {

// Keeps what it is told; `gone_after` events it is a client that went away.
class Recorder : public Responder {
 public:
  explicit Recorder(size_t gone_after = SIZE_MAX) : gone_after_(gone_after) {}
  void Send(HttpReply reply) override {
    reply_ = std::move(reply);
    ended_.set_value();
  }
  void Begin(HttpReply head) override { reply_ = std::move(head); }
  void Write(std::string bytes) override {
    reply_.body += bytes;
    ++events_;
  }
  void End() override { ended_.set_value(); }
  bool gone() const override { return events_ >= gone_after_; }

  const HttpReply& Wait() {
    ended_.get_future().wait();
    return reply_;
  }

 private:
  const size_t gone_after_;
  std::atomic<size_t> events_{0};
  HttpReply reply_;
  std::promise<void> ended_;
};

class ApiTest : public ::testing::Test {
 protected:
  std::shared_ptr<Recorder> Ask(const std::string& path, const Json& body, size_t gone_after = SIZE_MAX) {
    HttpRequest request;
    request.method = "POST";
    request.path = path;
    request.body = body.dump();
    auto recorder = std::make_shared<Recorder>(gone_after);
    EXPECT_FALSE(api_.Look(request).has_value());
    api_.Answer(std::move(request), recorder);
    return recorder;
  }
  TinyApi tiny_;
  Api api_{*tiny_.engine, tiny_.chat_template.get(), tiny_.settings};
};

TEST_F(ApiTest, AStreamIsWholeEvents) {
  const auto recorder =
      Ask("/v1/completions", {{"prompt", "abc"}, {"max_tokens", 5}, {"stream", true}, {"ignore_eos", true}});
  const HttpReply& reply = recorder->Wait();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "text/event-stream");
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(ApiTest, AClientThatWentAwayEndsItsAnswers) {
  Ask("/completion", {{"prompt", "abc"}, {"n_predict", -1}, {"stream", true}, {"ignore_eos", true}}, /*gone_after=*/2);
  api_.WaitForNone();
  EXPECT_EQ(tiny_.engine->Queue().running, 0u);
}

TEST_F(ApiTest, HealthTellsOfTheEnd) {
  HttpRequest request;
  request.method = "GET";
  request.path = "/health";
  const auto status = [&] {
    auto recorder = std::make_shared<Recorder>();
    api_.Answer(request, recorder);
    return recorder->Wait().status;
  };
  EXPECT_EQ(status(), 200);
  api_.StartDraining();
  EXPECT_EQ(status(), 503);
}

}  // namespace
}  // namespace sterna::server
