// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "sterna/status.h"
#include "text/token_table.h"
#include "text/vocabulary.h"

namespace sterna::text {

// The merges of a byte-level vocabulary by token ids: which pair becomes which token, and how early. A merge makes a
// longer token out of two, so no list of merges, whatever it says, can go round in circles. Immutable, thread-safe.
class MergeTable {
 public:
  static constexpr uint32_t kNoMerge = std::numeric_limits<uint32_t>::max();
  struct Merge {
    uint32_t rank = kNoMerge;  // the smaller is applied first
    TokenId result = -1;
  };

  // Merges whose parts or result are no normal token are left out, with one warning; of duplicates the first counts.
  static Result<MergeTable> Create(const Vocabulary& vocabulary, const TokenTable& tokens,
                                   std::vector<std::string>& warnings);

  // Copies a stored table. Corrupt when it is not one of `token_count` tokens: no lookup leaves it, whatever it holds.
  static Result<MergeTable> Restore(std::span<const std::byte> stored, size_t token_count);
  std::span<const std::byte> Stored() const { return std::as_bytes(std::span(slots_)); }

  // Any ids may be asked for, also -1.
  Merge Find(TokenId left, TokenId right) const {
    const uint64_t key = Key(left, right);
    for (size_t probe = 0; probe < kMaxProbes; ++probe) {
      const Slot& slot = slots_[(Hash(key) + probe) & mask_];
      if (slot.key == key) return slot.merge;
      if (slot.key == kFree) break;
    }
    return {};
  }

 private:
  static constexpr size_t kMaxProbes = 512;  // only a file made to collide needs more; it is refused
  static constexpr uint64_t kFree = std::numeric_limits<uint64_t>::max();  // the key of (-1, -1)
  struct Slot {
    uint64_t key = kFree;
    Merge merge;
  };
  static uint64_t Key(TokenId left, TokenId right) { return uint64_t(uint32_t(left)) << 32 | uint32_t(right); }
  static size_t Hash(uint64_t key) {
    key = (key ^ (key >> 29)) * 0xd6e8feb86659fd93u;
    return size_t(key ^ (key >> 32));
  }
  bool Insert(uint64_t key, Merge merge);

  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  size_t mask_ = 0;
};

}  // namespace sterna::text
