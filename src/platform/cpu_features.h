// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace sterna::platform {

// Bits of CpuFeatures::bits: what the CPU has and the operating system saves.
enum CpuFeature : uint64_t {
  kCpuAvx2 = 1u << 0,
  kCpuFma = 1u << 1,
  kCpuF16c = 1u << 2,
  kCpuAvxVnni = 1u << 3,
  kCpuAvx512 = 1u << 4,  // F, BW, DQ and VL together
  kCpuAvx512Vnni = 1u << 5,
  kCpuNeon = 1u << 6,
  kCpuNeonDot = 1u << 7,
  kCpuNeonI8mm = 1u << 8,
  kCpuAmx = 1u << 9,  // tiles with int8 products
};

struct CpuFeatures {
  uint64_t bits = 0;
  std::string brand;  // "Intel(R) Xeon(R) Processor"
  bool Has(uint64_t all) const { return (bits & all) == all; }
};

// On x86 with AMX this asks Linux to let the process use tile registers; where it does not, they are not there.
CpuFeatures DetectCpu();

// "avx2 fma f16c ..." in the order of the bits.
std::string DescribeFeatures(uint64_t bits);

// The registers that decide on x86 (Intel SDM volume 2, CPUID; volume 1, 13.3 for XCR0), so that tests can play any
// CPU.
struct X86CpuidWords {
  uint32_t leaf1_ecx = 0;
  uint32_t leaf7_ebx = 0;
  uint32_t leaf7_ecx = 0;
  uint32_t leaf7_edx = 0;
  uint32_t leaf7_1_eax = 0;
  uint64_t xcr0 = 0;  // register state that the operating system saves; 0 without OSXSAVE
};
uint64_t X86FeatureBits(const X86CpuidWords& words);

}  // namespace sterna::platform
