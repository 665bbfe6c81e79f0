// SPDX-License-Identifier: Apache-2.0
#include "engine/prefix_cache.h"

#include <algorithm>

#include "base/hash.h"

namespace sterna::engine {

size_t PrefixCache::Hash::operator()(const Key& key) const {
  return size_t(Hash64(std::as_bytes(std::span(key.tokens))) ^ key.before * 0x9E3779B97F4A7C15u);
}

PrefixCache::Key PrefixCache::MakeKey(uint64_t before, std::span<const text::TokenId> tokens) {
  Key key{before, {}};
  std::copy_n(tokens.begin(), key.tokens.size(), key.tokens.begin());
  return key;
}

std::vector<uint32_t> PrefixCache::Find(std::span<const text::TokenId> tokens) {
  std::vector<uint32_t> blocks;
  std::vector<Entry*> used;
  uint64_t before = 0;
  for (; tokens.size() >= model::kTokensPerBlock; tokens = tokens.subspan(model::kTokensPerBlock)) {
    const auto found = entries_.find(MakeKey(before, tokens));
    if (found == entries_.end()) break;
    before = found->second.serial;
    blocks.push_back(found->second.block);
    used.push_back(&found->second);
  }
  std::for_each(used.rbegin(), used.rend(), [this](Entry* entry) { Touch(*entry); });
  return blocks;
}

void PrefixCache::Add(std::span<const text::TokenId> tokens, std::span<const uint32_t> blocks) {
  GiveUpUntil([&] { return entries_.size() + blocks.size() <= max_blocks_; });
  std::vector<Entry*> used;
  uint64_t before = 0;
  for (const uint32_t block : blocks) {
    const Key key = MakeKey(before, tokens);
    tokens = tokens.subspan(model::kTokensPerBlock);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      if (entries_.size() >= max_blocks_) break;
      by_use_.push_back(key);
      found = entries_.emplace(key, Entry{block, ++serials_, std::prev(by_use_.end())}).first;
      pool_.Share(block);
    }
    before = found->second.serial;
    used.push_back(&found->second);
  }
  std::for_each(used.rbegin(), used.rend(), [this](Entry* entry) { Touch(*entry); });
}

void PrefixCache::MakeFree(uint32_t wanted) {
  GiveUpUntil([&] { return pool_.free_blocks() >= wanted; });
}

template <class Enough>
void PrefixCache::GiveUpUntil(Enough enough) {
  for (auto key = by_use_.begin(); key != by_use_.end() && !enough();) {
    const auto entry = entries_.find(*key);
    if (entry == entries_.end()) {  // memory ran out before it was one
      key = by_use_.erase(key);
      continue;
    }
    if (pool_.holders(entry->second.block) > 1) {
      ++key;
      continue;
    }
    pool_.Return(entry->second.block);
    entries_.erase(entry);
    key = by_use_.erase(key);
  }
}

uint32_t PrefixCache::spare_blocks() const {
  return uint32_t(std::count_if(entries_.begin(), entries_.end(),
                                [this](const auto& entry) { return pool_.holders(entry.second.block) == 1; }));
}

}  // namespace sterna::engine
