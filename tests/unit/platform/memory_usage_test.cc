// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_usage.h"

#include <gtest/gtest.h>

#include <cstring>

#include "platform/aligned_buffer.h"

namespace sterna::platform {
namespace {

TEST(MemoryUsage, GrowsByTheMemoryThatIsWritten) {
  constexpr uint64_t kBytes = uint64_t{32} << 20;
  const MemoryUsage before = ReadMemoryUsage();
  AlignedBuffer buffer = *AlignedBuffer::Create(kBytes);
  std::memset(buffer.data(), 1, kBytes);
  const MemoryUsage after = ReadMemoryUsage();
  EXPECT_GE(after.resident_bytes, before.resident_bytes + kBytes / 2);
  EXPECT_GE(after.anonymous_bytes, before.anonymous_bytes + kBytes / 2);
  EXPECT_GE(after.peak_resident_bytes, after.resident_bytes);
}

TEST(MemoryUsage, KnowsThatSomeMemoryIsFree) { EXPECT_GT(AvailableMemoryBytes(), uint64_t{1} << 20); }

}  // namespace
}  // namespace sterna::platform
