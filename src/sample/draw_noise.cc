// SPDX-License-Identifier: Apache-2.0
#include "sample/draw_noise.h"

#include <bit>

#include "base/exact_math.h"
#include "sample/sampler.h"

namespace sterna::sample {
namespace {

constexpr int kNoiseBits = 52;

// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): every
// input bit reaches every output bit, and no two inputs share an output.
constexpr uint64_t Finalize(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// 2^64 divided by the golden ratio, odd: steps of it spread small counters over all 64 bits.
constexpr uint64_t kStep = 0x9e3779b97f4a7c15u;

constexpr uint64_t Absorb(uint64_t state, uint64_t word) { return Finalize(state + kStep * (word + 1)); }

}  // namespace

uint64_t DrawKey(uint64_t seed, uint32_t choice, uint64_t position) {
  return Absorb(Absorb(Absorb(0, seed), choice), position);
}

uint64_t TokenNoiseBits(uint64_t draw_key, int32_t token) {
  return Absorb(draw_key, uint64_t(uint32_t(token))) >> (64 - kNoiseBits);
}

double UniformFromBits(uint64_t bits) { return (double(bits) + 0.5) * 0x1p-52; }

double GumbelFromBits(uint64_t bits) { return -ExactLog(-ExactLog(UniformFromBits(bits))); }

double GumbelUpperBound(uint64_t bits) {
  // -log(u) >= 1 - u, so the noise is at most -log(1 - u); and 1 - u = (2 * rest + 1) * 2^-53 >= 2^(width - 54) with
  // the width of 2 * rest + 1 in bits. 0.6932 is above log(2), by more than the rounding of the real thing.
  const uint64_t rest = (uint64_t(1) << kNoiseBits) - 1 - bits;
  return 0.6932 * double(54 - std::bit_width(2 * rest + 1));
}

double DrawNoise(uint64_t seed, uint32_t choice, uint64_t position, int32_t token) {
  return UniformFromBits(TokenNoiseBits(DrawKey(seed, choice, position), token));
}

}  // namespace sterna::sample
