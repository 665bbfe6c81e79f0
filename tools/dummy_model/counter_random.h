// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sterna::dummy_model {

// Random bits by position: the same key and counter always give the same 64 bits, in any order of asking, so that a
// tensor's values depend on the seed and its name alone. The mixing is that of SplitMix64 (Steele, Lea, Flood 2014).
class CounterRandom {
 public:
  CounterRandom(uint64_t seed, std::string_view name) : key_(Mix(seed)) {
    for (const char c : name) key_ = Mix(key_ ^ uint8_t(c));
  }

  uint64_t At(uint64_t counter) const { return Mix(key_ + counter * kStride); }

 private:
  static constexpr uint64_t kStride = 0x9e3779b97f4a7c15u;
  static constexpr uint64_t Mix(uint64_t x) {
    x += kStride;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }

  uint64_t key_;
};

}  // namespace sterna::dummy_model
