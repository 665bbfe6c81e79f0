// SPDX-License-Identifier: Apache-2.0
#include "platform/process_usage.h"

#include <gtest/gtest.h>

#include <cstring>

#include "platform/aligned_buffer.h"
#include "platform/hardware_counters.h"
#include "platform/memory_usage.h"

namespace sterna::platform {
namespace {

TEST(ProcessUsage, CountsTheMemoryThatIsWritten) {
  constexpr uint64_t kBytes = uint64_t{32} << 20;
  const ProcessUsage before = ReadProcessUsage();
  AlignedBuffer buffer = *AlignedBuffer::Create(kBytes);
  std::memset(buffer.data(), 1, kBytes);
  const ProcessUsage after = ReadProcessUsage();
  EXPECT_GE(after.resident_bytes, before.resident_bytes + kBytes / 2);
  EXPECT_GT(after.minor_faults, before.minor_faults);
  EXPECT_GE(after.user_cpu_ns + after.system_cpu_ns, before.user_cpu_ns + before.system_cpu_ns);
}

TEST(ProcessUsage, AgreesWithTheSlowerFile) {
  const double fast = double(ReadProcessUsage().resident_bytes), slow = double(ReadMemoryUsage().resident_bytes);
  EXPECT_NEAR(fast / slow, 1.0, 0.05);
}

TEST(HardwareCounters, CountOrSayWhyNot) {
  const auto counters = HardwareCounters::Open();
  if (!counters.ok()) {
    EXPECT_EQ(counters.status().code(), StatusCode::kUnavailable);
    EXPECT_NE(counters.status().message().find("perf_event_open"), std::string::npos);
    return;
  }
  const HardwareCounts before = counters->Read();
  volatile uint64_t sum = 0;
  for (uint64_t i = 0; i < 100'000; ++i) sum = sum + i;
  EXPECT_GT(counters->Read().instructions, before.instructions + 100'000);
}

}  // namespace
}  // namespace sterna::platform
