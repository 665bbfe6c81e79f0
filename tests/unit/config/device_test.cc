// SPDX-License-Identifier: Apache-2.0
#include "sterna/device.h"

#include <gtest/gtest.h>

namespace sterna {
namespace {

TEST(Device, IsWrittenAsItIsRead) {
  for (const char* text : {"auto", "cpu", "metal", "cuda", "cuda:1", "cuda:255"}) {
    const Result<Device> device = Device::parse(text);
    ASSERT_TRUE(device.ok()) << text;
    EXPECT_EQ(text, device->to_string());
  }
  for (const char* text : {"", "CPU", "cuda:", "cuda:-1", "cuda:256", "cuda:1x", "metal:1"}) {
    EXPECT_EQ(StatusCode::kInvalidArgument, Device::parse(text).status().code()) << text;
  }
}

TEST(Device, FallsBackOnlyWhereItIsMissing) {
  EXPECT_TRUE(Device::Cpu.is_available());
  EXPECT_EQ(Device::Cpu, Device::Cpu.or_fallback(Device::Metal));
  const Device either = Device::Cuda.is_available() ? Device::Cuda : Device::Cpu;
  EXPECT_EQ(either, Device::Cuda.or_fallback(Device::Cpu));
  EXPECT_FALSE(Device::available_devices().empty());
}

}  // namespace
}  // namespace sterna
