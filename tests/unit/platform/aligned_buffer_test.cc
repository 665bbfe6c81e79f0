// SPDX-License-Identifier: Apache-2.0
#include "platform/aligned_buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "platform/memory_usage.h"

namespace sterna {
namespace {

class AlignedBufferSizes : public testing::TestWithParam<size_t> {};

TEST_P(AlignedBufferSizes, AreAlignedZeroAndFollowedByAZeroTail) {
  Result<AlignedBuffer> buffer = AlignedBuffer::Create(GetParam());
  ASSERT_TRUE(buffer.ok()) << buffer.status().ToString();
  EXPECT_EQ(GetParam(), buffer->size());
  EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(buffer->data()) % AlignedBuffer::kAlignment);
  for (size_t i = 0; i < buffer->size() + 64; ++i) ASSERT_EQ(std::byte{0}, buffer->data()[i]) << i;
}

TEST_P(AlignedBufferSizes, AreWritableToTheLastByte) {
  Result<AlignedBuffer> buffer = AlignedBuffer::Create(GetParam());
  ASSERT_TRUE(buffer.ok());
  for (std::byte& byte : buffer->as<std::byte>()) byte = std::byte{0xa5};
  for (size_t i = buffer->size(); i < buffer->size() + 64; ++i) EXPECT_EQ(std::byte{0}, buffer->data()[i]);
}

constexpr size_t kHuge = size_t{2} << 20;
INSTANTIATE_TEST_SUITE_P(Small, AlignedBufferSizes, testing::Values(0, 1, 63, 64, 65, 4096));
INSTANTIATE_TEST_SUITE_P(Large, AlignedBufferSizes,
                         testing::Values(kHuge - 1, kHuge, kHuge + 1, 2 * kHuge - 64, 3 * kHuge));

TEST(AlignedBuffer, PutsLargeBuffersOnHugePageBoundaries) {
  Result<AlignedBuffer> buffer = AlignedBuffer::Create(kHuge + 5);
  ASSERT_TRUE(buffer.ok());
  EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(buffer->data()) % kHuge);
}

TEST(AlignedBuffer, TakesNoMemoryBeforeItIsWritten) {
  const uint64_t before = platform::ReadMemoryUsage().resident_bytes;
  Result<AlignedBuffer> buffer = AlignedBuffer::Create(size_t{256} << 20);
  ASSERT_TRUE(buffer.ok());
  EXPECT_LT(platform::ReadMemoryUsage().resident_bytes, before + (uint64_t{64} << 20));
}

TEST(AlignedBuffer, RefusesSizesThatNoMachineHas) {
  for (const size_t size :
       {std::numeric_limits<size_t>::max(), std::numeric_limits<size_t>::max() - 64, size_t{1} << 62}) {
    const Result<AlignedBuffer> buffer = AlignedBuffer::Create(size);
    EXPECT_EQ(StatusCode::kResourceExhausted, buffer.status().code());
    EXPECT_NE(std::string::npos, buffer.status().message().find(std::to_string(size)));
  }
}

TEST(AlignedBuffer, MovesItsBytes) {
  AlignedBuffer first = *AlignedBuffer::Create(100);
  first.data()[7] = std::byte{9};
  AlignedBuffer second = std::move(first);
  EXPECT_EQ(std::byte{9}, second.data()[7]);
  EXPECT_EQ(100u, second.size());
  AlignedBuffer third = *AlignedBuffer::Create(kHuge);
  third = std::move(second);
  EXPECT_EQ(std::byte{9}, third.data()[7]);
}

TEST(AlignedBuffer, ViewsItsBytesAsAnArray) {
  AlignedBuffer buffer = *AlignedBuffer::Create(10);
  EXPECT_EQ(2u, buffer.as<float>().size());
}

}  // namespace
}  // namespace sterna
