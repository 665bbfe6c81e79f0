// SPDX-License-Identifier: Apache-2.0
//
// The noise behind a draw: a hash used as a counter-based generator, so that the noise of one token in one draw is
// found without drawing any other. docs/sampling.md writes the hash down, for whoever wants to reproduce a draw.
#pragma once

#include <cstdint>

namespace sterna::sample {

// What (seed, choice, position) make of the 64 bits that all tokens of one draw share.
uint64_t DrawKey(uint64_t seed, uint32_t choice, uint64_t position);

// 52 hashed bits for a token; (bits + 1/2) / 2^52 is the uniform number of DrawNoise, exact in double and never 0 or 1.
uint64_t TokenNoiseBits(uint64_t draw_key, int32_t token);

double UniformFromBits(uint64_t bits);

// Standard Gumbel noise -log(-log(u)) of that uniform number.
double GumbelFromBits(uint64_t bits);

// At least GumbelFromBits(bits), found without a logarithm: lets a draw pass over tokens that cannot win.
double GumbelUpperBound(uint64_t bits);

}  // namespace sterna::sample
