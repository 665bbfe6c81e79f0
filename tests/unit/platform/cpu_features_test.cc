// SPDX-License-Identifier: Apache-2.0
#include "platform/cpu_features.h"

#include <gtest/gtest.h>

namespace sterna::platform {
namespace {

// Register values in the manner of a CPU with every feature that Sterna asks for.
X86CpuidWords EveryFeature() {
  return {.leaf1_ecx = (1u << 12) | (1u << 28) | (1u << 29),
          .leaf7_ebx = (1u << 5) | (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31),
          .leaf7_ecx = 1u << 11,
          .leaf7_edx = (1u << 24) | (1u << 25),
          .leaf7_1_eax = 1u << 4,
          .xcr0 = 0x600e7};
}

TEST(X86FeatureBits, FindsEveryFeature) {
  EXPECT_EQ("avx2 fma f16c avxvnni avx512 avx512vnni amx", DescribeFeatures(X86FeatureBits(EveryFeature())));
}

TEST(X86FeatureBits, HasNoVectorsWhenTheSystemDoesNotSaveThem) {
  X86CpuidWords words = EveryFeature();
  words.xcr0 = 0x3;
  EXPECT_EQ(0u, X86FeatureBits(words));
}

TEST(X86FeatureBits, HasNoAvx512WhenTheSystemSavesOnlyYmm) {
  X86CpuidWords words = EveryFeature();
  words.xcr0 = 0x7;
  EXPECT_EQ("avx2 fma f16c avxvnni", DescribeFeatures(X86FeatureBits(words)));
}

TEST(X86FeatureBits, NeedsAllFourPartsOfAvx512) {
  for (const uint32_t part : {16u, 17u, 30u, 31u}) {
    X86CpuidWords words = EveryFeature();
    words.leaf7_ebx &= ~(1u << part);
    EXPECT_EQ("avx2 fma f16c avxvnni", DescribeFeatures(X86FeatureBits(words))) << part;
  }
}

TEST(X86FeatureBits, NeedsBothPartsOfAmxAndAllOfItsState) {
  for (const uint32_t part : {24u, 25u}) {
    X86CpuidWords words = EveryFeature();
    words.leaf7_edx &= ~(1u << part);
    EXPECT_EQ("avx2 fma f16c avxvnni avx512 avx512vnni", DescribeFeatures(X86FeatureBits(words))) << part;
  }
  X86CpuidWords words = EveryFeature();
  words.xcr0 = 0x200e7;
  EXPECT_EQ("avx2 fma f16c avxvnni avx512 avx512vnni", DescribeFeatures(X86FeatureBits(words)));
}

TEST(CpuFeatures, HasAsksForAllBits) {
  const CpuFeatures features{kCpuAvx2 | kCpuFma, "a CPU"};
  EXPECT_TRUE(features.Has(kCpuAvx2));
  EXPECT_TRUE(features.Has(0));
  EXPECT_FALSE(features.Has(kCpuAvx2 | kCpuF16c));
}

#if defined(__x86_64__)
TEST(CpuFeatures, AgreeWithTheCompilersRuntime) {
  const CpuFeatures features = DetectCpu();
  EXPECT_EQ(__builtin_cpu_supports("avx2") != 0, features.Has(kCpuAvx2));
  EXPECT_EQ(__builtin_cpu_supports("fma") != 0, features.Has(kCpuFma));
  EXPECT_EQ(__builtin_cpu_supports("avx512bw") != 0, features.Has(kCpuAvx512));
  EXPECT_EQ(__builtin_cpu_supports("avx512vnni") != 0, features.Has(kCpuAvx512Vnni));
}
#elif defined(__aarch64__)
TEST(CpuFeatures, HaveNeonOnEveryArm64Cpu) { EXPECT_TRUE(DetectCpu().Has(kCpuNeon)); }
#endif

TEST(CpuFeatures, NameTheCpu) { EXPECT_FALSE(DetectCpu().brand.empty()); }

}  // namespace
}  // namespace sterna::platform
