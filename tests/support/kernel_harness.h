// SPDX-License-Identifier: Apache-2.0
//
// Running one kernel of two tables on the same guarded inputs and comparing everything they wrote, bit by bit.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>

#include "kernels/table.h"
#include "support/guarded_buffer.h"

namespace sterna::test {

// Numbers that are the same on every machine (splitmix64, Steele et al. 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Bits() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint32_t Below(uint32_t limit) { return uint32_t(Bits() % limit); }
  float Uniform() { return float(Bits() >> 40) * 0x1p-23f - 1.0f; }  // [-1, 1)

 private:
  uint64_t state_;
};

// What floats of an input look like.
enum class Floats {
  kZero,
  kMinusZero,
  kOnes,
  kSmall,
  kUnit,
  kWide,
  kHuge,
  kSubnormal,
  kSmallestSubnormal,
  kTies,
  kWithNan,
  kWithInfinity
};
constexpr Floats kAllFloats[] = {Floats::kZero,  Floats::kMinusZero, Floats::kOnes,
                                 Floats::kSmall, Floats::kUnit,      Floats::kWide,
                                 Floats::kHuge,  Floats::kSubnormal, Floats::kSmallestSubnormal,
                                 Floats::kTies,  Floats::kWithNan,   Floats::kWithInfinity};
constexpr Floats kFiniteFloats[] = {Floats::kZero, Floats::kUnit, Floats::kWide, Floats::kSubnormal};

inline float DrawFloat(Floats kind, Random& random) {
  const float u = random.Uniform();
  switch (kind) {
    case Floats::kZero: return 0.0f;
    case Floats::kMinusZero: return -0.0f;
    case Floats::kOnes: return u < 0 ? -1.0f : 1.0f;
    case Floats::kSmall: return u * 1e-6f;
    case Floats::kUnit: return u;
    case Floats::kWide: return std::ldexp(u, int(random.Below(41)) - 20);
    case Floats::kHuge: return u * std::numeric_limits<float>::max();
    case Floats::kSubnormal: return u * 0x1p-130f;
    case Floats::kSmallestSubnormal: return std::numeric_limits<float>::denorm_min();
    case Floats::kTies: return float(int(random.Below(255)) - 127) + (random.Below(2) == 0 ? 0.5f : 0.0f);
    case Floats::kWithNan: return random.Below(5) == 0 ? std::numeric_limits<float>::quiet_NaN() : u;
    case Floats::kWithInfinity: return random.Below(9) == 0 ? std::copysign(INFINITY, u) : u;
  }
  return u;
}

inline void FillFloats(GuardedBuffer<float>& buffer, Floats kind, Random& random) {
  for (float& value : buffer.span()) value = DrawFloat(kind, random);
}

// A line for failures: which case of a check is running, with everything needed to repeat it.
class Case {
 public:
  template <class T>
  Case& With(const char* name, const T& value) {
    text_ += std::string(" ") + name + "=" + std::to_string(value);
    return *this;
  }
  Case& With(const char* name, Floats kind) { return With(name, int(kind)); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

template <class T>
bool SameBits(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a && b != b) return true;  // which NaN is not promised
  }
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// "" when both buffers hold the same bits, gaps included, and nothing around `actual` was written.
template <class T>
std::string Compare(const char* what, const Case& where, const GuardedBuffer<T>& expected,
                    const GuardedBuffer<T>& actual) {
  std::ostringstream out;
  out.precision(9);
  if (!actual.SurroundingsIntact()) {
    out << what << ": wrote outside its buffer;" << where.text();
    return out.str();
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    if (SameBits(expected[i], actual[i])) continue;
    out << what << '[' << i << "] is " << +actual[i] << ", scalar has " << +expected[i] << ';' << where.text();
    return out.str();
  }
  return "";
}

}  // namespace sterna::test
