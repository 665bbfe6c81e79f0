// SPDX-License-Identifier: Apache-2.0
#include "router/prefix_table.h"

#include <algorithm>
#include <functional>

namespace sterna::router {

std::vector<uint64_t> PrefixBlocks(std::string_view body) {
  size_t begin = body.find("\"messages\"");
  if (begin == std::string_view::npos) begin = body.find("\"prompt\"");
  if (begin == std::string_view::npos) return {};
  body.remove_prefix(begin);
  std::vector<uint64_t> blocks;
  blocks.reserve(std::min(body.size() / kPrefixBlockBytes, kMaxPrefixBlocks));
  uint64_t before = 0;
  while (body.size() >= kPrefixBlockBytes && blocks.size() < kMaxPrefixBlocks) {
    constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;  // so that equal blocks in another order are others
    before = (before + std::hash<std::string_view>()(body.substr(0, kPrefixBlockBytes))) * kSpread;
    before ^= before >> 32;
    blocks.push_back(before);
    body.remove_prefix(kPrefixBlockBytes);
  }
  return blocks;
}

PrefixMatch PrefixTable::Find(std::span<const uint64_t> blocks) const {
  for (size_t count = blocks.size(); count > 0; --count) {
    if (const auto found = instances_.find(blocks[count - 1]); found != instances_.end()) return {found->second, count};
  }
  return {};
}

void PrefixTable::Remember(std::span<const uint64_t> blocks, uint32_t instance) {
  for (const uint64_t block : blocks) {
    if (instances_.insert_or_assign(block, instance).second) order_.push_back(block);
  }
  for (; order_.size() > max_blocks_; order_.pop_front()) instances_.erase(order_.front());
}

void PrefixTable::Forget(uint32_t instance) {
  std::erase_if(instances_, [&](const auto& entry) { return entry.second == instance; });
  std::erase_if(order_, [&](uint64_t block) { return !instances_.contains(block); });
}

}  // namespace sterna::router
