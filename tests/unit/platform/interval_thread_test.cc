// SPDX-License-Identifier: Apache-2.0
#include "platform/interval_thread.h"

#include <gtest/gtest.h>

#include <atomic>

namespace sterna::platform {
namespace {

TEST(IntervalThread, CallsUntilItIsDestroyed) {
  std::atomic<int> calls = 0;
  {
    const auto thread = IntervalThread::Start("for a test", std::chrono::milliseconds(1), [&] { ++calls; });
    ASSERT_TRUE(thread.ok());
    while (calls < 5) std::this_thread::yield();
  }
  const int then = calls;
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(calls, then);
}

TEST(IntervalThread, EndsBeforeItsFirstCall) {
  std::atomic<int> calls = 0;
  {
    ASSERT_TRUE(IntervalThread::Start("for a test", std::chrono::hours(1), [&] { ++calls; }).ok());
  }
  EXPECT_EQ(0, calls);
}

}  // namespace
}  // namespace sterna::platform
