// SPDX-License-Identifier: Apache-2.0
#include "router/instance_role.h"

#include <gtest/gtest.h>

namespace sterna::router {
namespace {

TEST(InstanceRole, GoesThroughText) {
  const InstanceRole role = {.index = 1, .count = 4, .parent = 12345, .socket = "/tmp/a, b/1"};
  const auto read = InstanceRole::FromText(role.ToText());
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->index, 1u);
  EXPECT_EQ(read->count, 4u);
  EXPECT_EQ(read->parent, 12345);
  EXPECT_EQ(read->socket, "/tmp/a, b/1");
}

TEST(InstanceRole, OtherTextsAreRefused) {
  for (const char* text :
       {"", "1", "1/4", "1/4,", "1/4,5", "1/4,5,", "4/4,5,/s", "-1/4,5,/s", "1/4;5,/s", "x/4,5,/s"}) {
    EXPECT_EQ(InstanceRole::FromText(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(InstanceRole, LimitsOfRequestsStayAndTheAddressDoesNot) {
  server::TransportSettings router;
  router.host = "0.0.0.0";
  router.max_body_bytes = 77;
  router.read_timeout = std::chrono::milliseconds(123);
  const server::TransportSettings own =
      InstanceTransport(router, {.index = 0, .count = 2, .parent = 1, .socket = "/s"});
  EXPECT_EQ(own.unix_socket, "/s");
  EXPECT_TRUE(own.behind_router);
  EXPECT_EQ(own.max_body_bytes, 77u);
  EXPECT_EQ(own.read_timeout, std::chrono::milliseconds(123));
  EXPECT_GT(own.max_header_bytes, router.max_header_bytes);
  EXPECT_GT(own.max_connections, router.max_connections);
}

}  // namespace
}  // namespace sterna::router
