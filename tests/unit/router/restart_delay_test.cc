// SPDX-License-Identifier: Apache-2.0
#include "router/restart_delay.h"

#include <gtest/gtest.h>

namespace sterna::router {
namespace {

using std::chrono::milliseconds;

TEST(RestartDelay, DoublesUpToHalfAMinute) {
  RestartDelay delay;
  EXPECT_EQ(delay.Next(milliseconds(5)), milliseconds(100));
  EXPECT_EQ(delay.Next(milliseconds(5)), milliseconds(200));
  EXPECT_EQ(delay.Next(milliseconds(5)), milliseconds(400));
  for (int i = 0; i < 20; ++i) EXPECT_LE(delay.Next(milliseconds(5)), milliseconds(30'000));
  EXPECT_EQ(delay.Next(milliseconds(5)), milliseconds(30'000));
}

TEST(RestartDelay, ARunThatLastedIsForgiven) {
  RestartDelay delay;
  for (int i = 0; i < 20; ++i) delay.Next(milliseconds(5));
  EXPECT_EQ(delay.Next(milliseconds(60'000)), milliseconds(100));
  EXPECT_EQ(delay.Next(milliseconds(59'999)), milliseconds(200));
}

}  // namespace
}  // namespace sterna::router
