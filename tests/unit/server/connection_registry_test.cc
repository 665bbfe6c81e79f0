// SPDX-License-Identifier: Apache-2.0
#include "server/connection_registry.h"

#include <gtest/gtest.h>

#include <array>

namespace sterna::server {
namespace {

struct Counted : RegisteredConnection {
  void CloseWhenIdle() override { ++asked; }
  void Close() override { ++closed; }
  int asked = 0, closed = 0;
};

TEST(ConnectionRegistry, TheOneThatWaitedLongestIsClosedFirst) {
  ConnectionRegistry registry(0);
  const auto a = std::make_shared<Counted>(), b = std::make_shared<Counted>(), c = std::make_shared<Counted>();
  for (const auto& one : {a, b, c}) {
    registry.Add(one);
    registry.SetIdle(*one, true);
  }
  EXPECT_EQ(registry.count(), 3u);
  registry.SetIdle(*a, false);  // has a request
  EXPECT_TRUE(registry.CloseOldestIdle());
  EXPECT_EQ((std::array{a->closed, b->closed, c->closed}), (std::array{0, 1, 0}));
  registry.SetIdle(*a, true);  // waits again, and shorter than c
  EXPECT_TRUE(registry.CloseOldestIdle());
  EXPECT_EQ((std::array{a->closed, b->closed, c->closed}), (std::array{0, 1, 1}));
  registry.Remove(*a);
  EXPECT_FALSE(registry.CloseOldestIdle());
  EXPECT_EQ(registry.count(), 2u);
}

TEST(ConnectionRegistry, AllAreToldToClose) {
  ConnectionRegistry registry(0);
  const auto a = std::make_shared<Counted>();
  registry.Add(a);
  registry.CloseAllWhenIdle();
  registry.CloseAll();
  EXPECT_EQ(a->asked, 1);
  EXPECT_EQ(a->closed, 1);
}

TEST(ConnectionRegistry, BodiesShareARoom) {
  ConnectionRegistry registry(100);
  EXPECT_TRUE(registry.TakeBodyBytes(60));
  EXPECT_FALSE(registry.TakeBodyBytes(41));
  EXPECT_TRUE(registry.TakeBodyBytes(40));
  registry.ReturnBodyBytes(60);
  EXPECT_TRUE(registry.TakeBodyBytes(60));
}

}  // namespace
}  // namespace sterna::server
