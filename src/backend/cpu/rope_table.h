// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/aligned_buffer.h"
#include "platform/thread_pool.h"
#include "sterna/status.h"

namespace sterna::backend {

// Cosines and sines of rotary position embedding (Su et al., arXiv 2104.09864), rounded as the Hugging Face models
// round: inv_freq_i = float(theta^(-2 i / rotary)), angle = position * inv_freq_i in float, then cos and sin of it.
class RopeTable {
 public:
  RopeTable() = default;
  // InvalidArgument when rotary is odd, 0 or over head_dim, or theta not a positive number.
  static Result<RopeTable> Create(uint32_t positions, uint32_t head_dim, uint32_t rotary, float theta,
                                  platform::ThreadPool& pool);

  const float* Cosines(uint32_t position) const;  // [rotary / 2]
  const float* Sines(uint32_t position) const;
  uint32_t positions() const { return positions_; }
  uint32_t head_dim() const { return head_dim_; }
  uint32_t rotary() const { return rotary_; }
  uint64_t size_bytes() const { return buffer_.size(); }

 private:
  uint32_t positions_ = 0;
  uint32_t head_dim_ = 0;
  uint32_t rotary_ = 0;
  AlignedBuffer buffer_;  // [positions] {cosines [rotary / 2], sines [rotary / 2]}
};

}  // namespace sterna::backend
