// SPDX-License-Identifier: Apache-2.0
//
// The API without sockets: what a responder is told.
#include "server/api.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

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

HttpReply Get(Api& api, const std::string& path) {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  auto recorder = std::make_shared<Recorder>();
  api.Answer(request, recorder);
  return recorder->Wait();
}

TEST_F(ApiTest, HealthTellsOfTheEnd) {
  EXPECT_EQ(Get(api_, "/health").status, 200);
  api_.StartDraining();
  EXPECT_EQ(Get(api_, "/health").status, 503);
}

// An engine that looks at itself whenever it is asked, and whose memory is as full as the test says.
class ApiHealthTest : public ::testing::Test {
 protected:
  engine::EngineOptions Options() {
    engine::EngineOptions options = engine::TinyOptions();
    options.health.check_interval = options.health.probe_interval = std::chrono::milliseconds(0);
    options.health.latency_ms = 1e9;
    options.read_pressure = [this] { return memory::PressureReading{.budget_share = share_}; };
    options.instance_id = 7;
    return options;
  }
  void ExpectMetric(int state) {
    EXPECT_NE(Get(api_, "/metrics").body.find("sterna_health{instance=\"7\"} " + std::to_string(state) + "\n"),
              std::string::npos);
  }

  std::atomic<double> share_{0.1};
  TinyApi tiny_{engine::LoadTiny(Options())};
  Api api_{*tiny_.engine, tiny_.chat_template.get(), tiny_.settings};
};

TEST_F(ApiHealthTest, DegradedAnswersAndSaysWhy) {
  EXPECT_EQ(Json::parse(Get(api_, "/health").body), Json({{"status", "ok"}}));
  EXPECT_EQ(Json::parse(Get(api_, "/ready").body), Json({{"status", "ready"}}));
  ExpectMetric(0);
  share_ = 0.95;
  const Json reasons = {"memory: 95 % in use, over 90 %"};
  EXPECT_EQ(Get(api_, "/health").status, 200);
  EXPECT_EQ(Json::parse(Get(api_, "/health").body), Json({{"status", "degraded"}, {"reasons", reasons}}));
  EXPECT_EQ(Json::parse(Get(api_, "/ready").body), Json({{"status", "ready"}, {"reasons", reasons}}));
  ExpectMetric(1);
}

TEST_F(ApiHealthTest, UnhealthyIsNotReadyUntilTheStepEnds) {
  std::promise<void> stuck, go_on;
  engine::Submission submission;
  submission.generate = engine::GreedyRequest(engine::PlainPrompt(3), 1);
  submission.generate.on_token = [&](text::TokenId) {
    stuck.set_value();
    go_on.get_future().wait();
    return true;
  };
  ASSERT_TRUE(tiny_.engine->Submit(std::move(submission)).ok());
  stuck.get_future().wait();
  EXPECT_EQ(Get(api_, "/health").status, 200) << "the first look";
  const HttpReply reply = Get(api_, "/health");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(Json::parse(reply.body)["status"], "unhealthy");
  EXPECT_EQ(Get(api_, "/ready").status, 503);
  ExpectMetric(2);
  go_on.set_value();
  while (Get(api_, "/health").status != 200) std::this_thread::yield();
}

}  // namespace
}  // namespace sterna::server
