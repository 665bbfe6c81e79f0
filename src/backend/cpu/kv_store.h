// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/backend.h"
#include "kernels/table.h"
#include "platform/aligned_buffer.h"
#include "sterna/status.h"

namespace sterna::backend {

// Keys and values of every block, layer and KV head in one buffer whose pages the system gives when first written:
// [block][layer][kv head] { keys [head_dim][64], values [64][head_dim], q8: key scales [64], value scales [64] }, each
// part at a multiple of 64 bytes.
class KvStore {
 public:
  KvStore() = default;
  // InvalidArgument for a shape with a zero in it; ResourceExhausted when there is no such memory.
  static Result<KvStore> Create(const KvShape& shape, const BufferPlacement& placement = {});

  kernels::KvBlock At(uint32_t block, uint32_t layer, uint32_t kv_head);
  kernels::KvType type() const { return type_; }
  const KvShape& shape() const { return shape_; }
  uint64_t size_bytes() const { return buffer_.size(); }
  // The block's memory goes back to the system until it is written again.
  void GiveBack(uint32_t block);

 private:
  KvShape shape_;
  kernels::KvType type_ = kernels::kKvF16;
  size_t part_bytes_ = 0;  // keys of a region, and values
  size_t region_bytes_ = 0;
  AlignedBuffer buffer_;
};

}  // namespace sterna::backend
