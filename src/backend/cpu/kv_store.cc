// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/kv_store.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

struct Storage {
  kernels::KvType type;
  size_t element_bytes;
};

Storage StorageOf(KvType type) {
  switch (type) {
    case KvType::kF32: return {kernels::kKvF32, 4};
    case KvType::kQ8: return {kernels::kKvQ8, 1};
    case KvType::kF16: break;
  }
  return {kernels::kKvF16, 2};
}

constexpr size_t kScaleBytes = kernels::kKvBlockTokens * sizeof(float);

}  // namespace

Result<KvStore> KvStore::Create(const KvShape& shape, const BufferPlacement& placement) {
  if (shape.layers == 0 || shape.kv_heads == 0 || shape.head_dim == 0 || shape.block_count == 0) {
    return Status::InvalidArgument(fmt::format("a KV cache of {} layers, {} heads of {} and {} blocks holds nothing",
                                               shape.layers, shape.kv_heads, shape.head_dim, shape.block_count));
  }
  KvStore store;
  store.shape_ = shape;
  const Storage storage = StorageOf(shape.type);
  store.type_ = storage.type;
  store.part_bytes_ =
      RoundUp(size_t{shape.head_dim} * kernels::kKvBlockTokens * storage.element_bytes, AlignedBuffer::kAlignment);
  store.region_bytes_ = 2 * store.part_bytes_ + (storage.type == kernels::kKvQ8 ? 2 * kScaleBytes : 0);
  const auto regions = CheckedMul<size_t>(size_t{shape.layers} * shape.kv_heads, shape.block_count);
  const auto size_bytes = regions ? CheckedMul(*regions, store.region_bytes_) : std::nullopt;
  if (!size_bytes) {
    return Status::ResourceExhausted(fmt::format("a KV cache of {} blocks fits no address space", shape.block_count));
  }
  STERNA_ASSIGN_OR_RETURN(store.buffer_, AlignedBuffer::Create(*size_bytes, placement));
  return store;
}

void KvStore::GiveBack(uint32_t block) {
  const size_t block_bytes = size_t{shape_.layers} * shape_.kv_heads * region_bytes_;
  buffer_.GiveBack(block * block_bytes, block_bytes);
}

kernels::KvBlock KvStore::At(uint32_t block, uint32_t layer, uint32_t kv_head) {
  STERNA_DCHECK(block < shape_.block_count && layer < shape_.layers && kv_head < shape_.kv_heads);
  const size_t region = (size_t{block} * shape_.layers + layer) * shape_.kv_heads + kv_head;
  std::byte* const start = buffer_.data() + region * region_bytes_;
  if (type_ != kernels::kKvQ8) return {start, start + part_bytes_, nullptr, nullptr};
  auto* const scales = reinterpret_cast<float*>(start + 2 * part_bytes_);
  return {start, start + part_bytes_, scales, scales + kernels::kKvBlockTokens};
}

}  // namespace sterna::backend
