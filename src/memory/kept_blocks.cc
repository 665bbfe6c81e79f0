// SPDX-License-Identifier: Apache-2.0
#include "memory/kept_blocks.h"

#include <algorithm>

namespace sterna::memory {

size_t KeptBlocks::SizeFor(size_t bytes) const {
  const auto fit = sizes_.lower_bound(bytes);
  return fit == sizes_.end() ? bytes : fit->first;
}

std::byte* KeptBlocks::Take(size_t bytes) {
  const auto found = sizes_.find(bytes);
  if (found == sizes_.end()) return nullptr;
  Size& size = found->second;
  ++size.requests;
  if (size.blocks.empty()) return nullptr;
  ++size.reused;
  std::byte* const block = size.blocks.back();
  size.blocks.pop_back();
  return block;
}

bool KeptBlocks::Keep(std::byte* block, size_t bytes) {
  const auto found = sizes_.find(bytes);
  if (found == sizes_.end()) return false;
  Size& size = found->second;
  const bool too_few = double(size.reused) < reuse_target_ * double(size.requests);
  if (size.blocks.size() >= size.limit && too_few) size.limit = std::min(2 * size.limit, kMostBlocks);
  if (size.blocks.size() >= size.limit) return false;
  size.blocks.push_back(block);
  return true;
}

uint64_t KeptBlocks::kept_bytes() const {
  uint64_t sum = 0;
  for (const auto& [bytes, size] : sizes_) sum += bytes * size.blocks.size();
  return sum;
}

uint64_t KeptBlocks::largest_bytes() const {
  uint64_t largest = 0;
  for (const auto& [bytes, size] : sizes_) largest = size.blocks.empty() ? largest : bytes;
  return largest;
}

}  // namespace sterna::memory
