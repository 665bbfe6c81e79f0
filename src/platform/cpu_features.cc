// SPDX-License-Identifier: Apache-2.0
#include "platform/cpu_features.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace sterna::platform {
namespace {

bool AllBits(uint64_t word, uint64_t mask) { return (word & mask) == mask; }

#if defined(__x86_64__)

X86CpuidWords ReadCpuid() {
  X86CpuidWords words;
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) words.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
    words.leaf7_ebx = ebx;
    words.leaf7_ecx = ecx;
    words.leaf7_edx = edx;
    if (eax >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx)) words.leaf7_1_eax = eax;
  }
  constexpr uint32_t kOsXsave = 1u << 27;
  if (words.leaf1_ecx & kOsXsave) {
    uint32_t low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    words.xcr0 = (uint64_t(high) << 32) | low;
  }
  return words;
}

std::string ReadBrand() {
  std::array<uint32_t, 12> words{};
  for (uint32_t i = 0; i < 3; ++i) {
    uint32_t* const w = words.data() + 4 * i;
    if (!__get_cpuid(0x80000002u + i, &w[0], &w[1], &w[2], &w[3])) return "x86-64";
  }
  std::array<char, sizeof(words) + 1> text{};
  std::memcpy(text.data(), words.data(), sizeof(words));
  const std::string brand(text.data());
  const size_t first = brand.find_first_not_of(' ');
  if (first == brand.npos) return "x86-64";
  return brand.substr(first, brand.find_last_not_of(' ') - first + 1);
}

// Linux gives the 8 KB of tile registers on request (Documentation/arch/x86/xstate.rst).
bool MayUseTiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

uint64_t ReadFeatureBits() {
  const uint64_t bits = X86FeatureBits(ReadCpuid());
  return (bits & kCpuAmx) && !MayUseTiles() ? bits & ~uint64_t{kCpuAmx} : bits;
}

#elif defined(__aarch64__)

uint64_t ReadFeatureBits() {
  // Linux: asm/hwcap.h.
  constexpr uint64_t kHwcapAsimd = 1u << 1, kHwcapAsimdDot = 1u << 20, kHwcap2I8mm = 1u << 13;
  uint64_t bits = 0;
  if (getauxval(AT_HWCAP) & kHwcapAsimd) bits |= kCpuNeon;
  if (getauxval(AT_HWCAP) & kHwcapAsimdDot) bits |= kCpuNeonDot;
  if (getauxval(AT_HWCAP2) & kHwcap2I8mm) bits |= kCpuNeonI8mm;
  return bits;
}

std::string ReadBrand() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "aarch64";
}

#else

uint64_t ReadFeatureBits() { return 0; }
std::string ReadBrand() { return "unknown CPU"; }

#endif

}  // namespace

uint64_t X86FeatureBits(const X86CpuidWords& words) {
  constexpr uint64_t kYmmState = 0x6, kZmmState = 0xe6, kTileState = 0x60000;
  constexpr uint32_t kAvx = 1u << 28, kFma = 1u << 12, kF16c = 1u << 29;
  constexpr uint32_t kAvx2 = 1u << 5;
  constexpr uint32_t kAvx512FDqBwVl = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);
  constexpr uint32_t kAvx512Vnni = 1u << 11;
  constexpr uint32_t kAvxVnni = 1u << 4;
  constexpr uint32_t kAmxTileInt8 = (1u << 24) | (1u << 25);

  uint64_t bits = 0;
  if (!AllBits(words.xcr0, kYmmState) || !AllBits(words.leaf1_ecx, kAvx)) return bits;
  if (words.leaf7_ebx & kAvx2) bits |= kCpuAvx2;
  if (words.leaf1_ecx & kFma) bits |= kCpuFma;
  if (words.leaf1_ecx & kF16c) bits |= kCpuF16c;
  if (words.leaf7_1_eax & kAvxVnni) bits |= kCpuAvxVnni;
  if (!AllBits(words.xcr0, kZmmState) || !AllBits(words.leaf7_ebx, kAvx512FDqBwVl)) return bits;
  bits |= kCpuAvx512;
  if (words.leaf7_ecx & kAvx512Vnni) bits |= kCpuAvx512Vnni;
  if (AllBits(words.xcr0, kTileState) && AllBits(words.leaf7_edx, kAmxTileInt8)) bits |= kCpuAmx;
  return bits;
}

CpuFeatures DetectCpu() { return {ReadFeatureBits(), ReadBrand()}; }

std::string DescribeFeatures(uint64_t bits) {
  constexpr std::pair<uint64_t, std::string_view> kNames[] = {
      {kCpuAvx2, "avx2"},       {kCpuFma, "fma"},          {kCpuF16c, "f16c"},
      {kCpuAvxVnni, "avxvnni"}, {kCpuAvx512, "avx512"},    {kCpuAvx512Vnni, "avx512vnni"},
      {kCpuNeon, "neon"},       {kCpuNeonDot, "neon_dot"}, {kCpuNeonI8mm, "neon_i8mm"},
      {kCpuAmx, "amx"},
  };
  std::string text;
  for (const auto& [bit, name] : kNames) {
    if (!(bits & bit)) continue;
    if (!text.empty()) text += ' ';
    text += name;
  }
  return text;
}

}  // namespace sterna::platform
