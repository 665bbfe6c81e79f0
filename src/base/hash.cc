// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sterna {

struct Hasher64::State {
  XXH3_state_t xxh3;
};

uint64_t Hash64(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

Hasher64::Hasher64() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh3); }
Hasher64::~Hasher64() = default;

void Hasher64::Add(std::span<const std::byte> bytes) { XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size()); }

uint64_t Hasher64::Value() const { return XXH3_64bits_digest(&state_->xxh3); }

}  // namespace sterna
