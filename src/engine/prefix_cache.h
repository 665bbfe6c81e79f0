// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/kv_blocks.h"
#include "text/tokenizer.h"

namespace sterna::engine {

// Blocks whose keys and values are computed, by the tokens that they and all blocks before them are of. It holds each
// of them as a sequence would, so that they stay when no sequence does. Exact: tokens are compared, not hashes alone.
// Not thread-safe.
class PrefixCache {
 public:
  // It holds `max_blocks` at most; 0: none, ever.
  PrefixCache(model::KvBlockPool& pool, uint32_t max_blocks) : pool_(pool), max_blocks_(max_blocks) {}

  // The blocks of the longest beginning of `tokens` that is known, whole blocks only.
  std::vector<uint32_t> Find(std::span<const text::TokenId> tokens);
  // `blocks` hold the keys and values of `tokens`, which fill them. Those known already stay as they are.
  void Add(std::span<const text::TokenId> tokens, std::span<const uint32_t> blocks);
  // Gives up blocks that nobody else holds, those first that were looked for longest ago, until `wanted` are free in
  // the pool or none is left to give.
  void MakeFree(uint32_t wanted);
  uint32_t blocks() const { return uint32_t(entries_.size()); }
  // How many it could give up.
  uint32_t spare_blocks() const;

 private:
  using Tokens = std::array<text::TokenId, model::kTokensPerBlock>;
  struct Key {
    uint64_t before;  // serial number of the block before; 0 = none
    Tokens tokens;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const;
  };
  struct Entry {
    uint32_t block;
    uint64_t serial;
    std::list<Key>::iterator place;
  };
  static Key MakeKey(uint64_t before, std::span<const text::TokenId> tokens);
  // Gives up blocks that nobody else holds, until enough() or none is left to give.
  template <class Enough>
  void GiveUpUntil(Enough enough);
  void Touch(Entry& entry) { by_use_.splice(by_use_.end(), by_use_, entry.place); }

  model::KvBlockPool& pool_;
  const uint32_t max_blocks_;
  std::unordered_map<Key, Entry, Hash> entries_;
  std::list<Key> by_use_;  // the one used longest ago first; a block stands behind those that follow it
  uint64_t serials_ = 0;
};

}  // namespace sterna::engine
