// SPDX-License-Identifier: Apache-2.0
#include "router/joined_replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sterna::router {
namespace {

using server::HttpReply;
using ::testing::HasSubstr;

HttpReply Of(const std::string& body, int status = 200) { return {.status = status, .body = body, .headers = {}}; }

const HttpReply kOk = Of(R"({"status":"ok"})");
const HttpReply kSlow = Of(R"({"status":"degraded","reasons":["latency: 9 s"]})");
const HttpReply kBad = Of(R"({"status":"unhealthy","reasons":["errors: 90 %"]})", 503);

TEST(JoinedReplies, HealthIsWellWhereAllAre) {
  const HttpReply reply = JoinHealth({kOk, kOk});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"status":"ok"})");
}

TEST(JoinedReplies, HealthIsDegradedWhereSomeAreNotAndNamesThem) {
  const HttpReply reply = JoinHealth({kOk, kSlow, kBad, std::nullopt});
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("status":"degraded")"));
  EXPECT_THAT(reply.body, HasSubstr("instance 1: latency: 9 s"));
  EXPECT_THAT(reply.body, HasSubstr("instance 2: errors: 90 %"));
  EXPECT_THAT(reply.body, HasSubstr("instance 3: it is being started again"));
}

TEST(JoinedReplies, HealthIs503WhereNobodyIsWellEnough) {
  const HttpReply reply = JoinHealth({kBad, std::nullopt});
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr(R"("status":"unhealthy")"));
}

TEST(JoinedReplies, ReadyWhereOneIs) {
  const HttpReply full = Of(R"({"error":{"code":503,"message":"the queue is full"}})", 503);
  const HttpReply one = JoinReady({full, Of(R"({"status":"ready"})")});
  EXPECT_EQ(one.status, 200);
  EXPECT_THAT(one.body, HasSubstr("instance 0: the queue is full"));
  const HttpReply none = JoinReady({full, std::nullopt});
  EXPECT_EQ(none.status, 503);
  EXPECT_THAT(none.body, HasSubstr("instance 0: the queue is full; instance 1: "));
}

TEST(JoinedReplies, SlotsAreOneList) {
  const HttpReply reply = JoinSlots({Of(R"([{"id":0},{"id":1}])"), std::nullopt, Of(R"([{"id":0}])")});
  EXPECT_EQ(reply.body, R"([{"id":0,"instance":0},{"id":1,"instance":0},{"id":2,"instance":2}])");
  EXPECT_EQ(JoinSlots({std::nullopt}).status, 503);
}

TEST(JoinedReplies, PropsAddUpSlots) {
  const HttpReply reply = JoinProps({Of(R"({"total_slots":64,"x":1})"), Of(R"({"total_slots":64,"x":1})")});
  EXPECT_EQ(reply.body, R"({"total_slots":128,"x":1})");
  EXPECT_EQ(JoinProps({Of("no JSON")}).status, 503);
}

}  // namespace
}  // namespace sterna::router
