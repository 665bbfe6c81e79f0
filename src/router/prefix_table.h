// SPDX-License-Identifier: Apache-2.0
//
// Which instance has computed the beginning of a prompt before. Bytes of requests stand in for tokens: the router has
// no tokenizer, and a client that goes on with a conversation sends the same bytes again and adds to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sterna::router {

inline constexpr size_t kPrefixBlockBytes = 128;  // about a block of the engine's memory, which is 64 tokens
inline constexpr size_t kMaxPrefixBlocks = 512;   // what is further back changes no decision

// A number for each whole block of a body from its "messages" or "prompt" on, of this block and all before it. Empty
// for a body that has neither. Pure.
std::vector<uint64_t> PrefixBlocks(std::string_view body);

struct PrefixMatch {
  uint32_t instance = 0;
  size_t blocks = 0;  // that it knows, from the first on; 0: nobody knows any
};

// Bounded: what came first goes first.
class PrefixTable {
 public:
  explicit PrefixTable(size_t max_blocks = size_t{1} << 16) : max_blocks_(max_blocks) {}

  // Who was last to see the longest beginning of these.
  PrefixMatch Find(std::span<const uint64_t> blocks) const;
  void Remember(std::span<const uint64_t> blocks, uint32_t instance);
  void Forget(uint32_t instance);
  size_t size() const { return instances_.size(); }

 private:
  const size_t max_blocks_;
  std::unordered_map<uint64_t, uint32_t> instances_;  // by block
  std::deque<uint64_t> order_;                        // of blocks, oldest first
};

}  // namespace sterna::router
