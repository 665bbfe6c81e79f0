// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace sterna::memory {

// Freed blocks that are kept whole for the next request of their size, instead of becoming free memory of any size. A
// size keeps more of them as long as its requests find one less often than wanted. Not thread-safe.
class KeptBlocks {
 public:
  // A size whose requests are served by a kept block less often than `reuse_target` (0..1) may keep twice as many.
  explicit KeptBlocks(double reuse_target) : reuse_target_(reuse_target) {}

  void AddSize(size_t bytes) { sizes_.try_emplace(bytes); }
  bool Has(size_t bytes) const { return sizes_.contains(bytes); }
  // The smallest size that has room for `bytes`; `bytes` where there is none.
  size_t SizeFor(size_t bytes) const;

  // A kept block of this size; nullptr when there is none.
  std::byte* Take(size_t bytes);
  // False when the size is none of those that are kept, or keeps enough of them.
  bool Keep(std::byte* block, size_t bytes);
  // Empties all sizes; `give(block, bytes)` gets each block.
  template <class Give>
  void ReleaseAll(Give give) {
    for (auto& [bytes, size] : sizes_) {
      for (std::byte* const block : size.blocks) give(block, bytes);
      size.blocks.clear();
    }
  }

  uint64_t kept_bytes() const;
  uint64_t largest_bytes() const;  // of a kept block

 private:
  static constexpr size_t kMostBlocks = 1024;  // of a size
  struct Size {
    std::vector<std::byte*> blocks;
    size_t limit = 1;
    uint64_t requests = 0, reused = 0;
  };

  const double reuse_target_;
  std::map<size_t, Size> sizes_;
};

}  // namespace sterna::memory
