// SPDX-License-Identifier: Apache-2.0
//
// Causal attention over blocks of 64 positions. Each block gives partials against its own maximum; they are merged in
// order of position, so a row's result does not depend on the rows it is computed with.
#include <algorithm>
#include <cmath>

#include "backend/cpu/cpu_backend_impl.h"
#include "base/check.h"

namespace sterna::backend {

// What one piece of attention works on: the query heads of a row that share one KV head.
struct CpuBackendImpl::AttentionHead {
  size_t row;
  uint32_t layer;
  uint32_t kv_head;
  size_t group;  // query heads
  const float* queries;
  float* out;
};

void CpuBackendImpl::StoreKv(uint32_t layer, SlotId keys, SlotId values) {
  FloatSlot& k = slot(keys);
  FloatSlot& v = slot(values);
  const KvShape& shape = kv_.shape();
  STERNA_DCHECK(k.columns() == size_t{shape.kv_heads} * shape.head_dim && v.columns() == k.columns());
  // One head a piece: neighbouring tokens' keys share cache lines, so rows are not split.
  work_.Run(uint64_t{rows()} * k.columns() * 2, shape.kv_heads, [&](size_t head, uint32_t) {
    const size_t offset = head * shape.head_dim;
    for (size_t row = 0; row < rows(); ++row) {
      const uint32_t position = batch_.positions[row];
      const uint32_t block = batch_.block_tables[batch_.sequences[row]][position / kernels::kKvBlockTokens];
      kernels_.store_kv[kv_.type()](k.Row(row) + offset, v.Row(row) + offset, shape.head_dim,
                                    kv_.At(block, layer, uint32_t(head)), position % kernels::kKvBlockTokens);
    }
  });
}

void CpuBackendImpl::AttendHead(const AttentionHead& head, uint32_t worker) {
  const KvShape& shape = kv_.shape();
  const size_t run_floats = partials_per_run_ * partial_stride_;
  float* const so_far = partials_.as<float>().data() + worker * 2 * run_floats;
  float* const next = so_far + run_floats;
  const float softmax_scale = 1.0f / std::sqrt(float(shape.head_dim));
  const std::span<const uint32_t> blocks = batch_.block_tables[batch_.sequences[head.row]];
  const size_t tokens = size_t{batch_.positions[head.row]} + 1;
  for (size_t first = 0; first < tokens; first += kernels::kKvBlockTokens) {
    const kernels::KvBlock block = kv_.At(blocks[first / kernels::kKvBlockTokens], head.layer, head.kv_head);
    kernels_.attend_block[kv_.type()](head.queries, head.group, shape.head_dim, block,
                                      std::min(kernels::kKvBlockTokens, tokens - first), shape.head_dim, softmax_scale,
                                      first == 0 ? so_far : next, partial_stride_);
    for (size_t h = 0; first > 0 && h < head.group; ++h) {
      kernels_.attend_merge(so_far + h * partial_stride_, next + h * partial_stride_, shape.head_dim);
    }
  }
  for (size_t h = 0; h < head.group; ++h) {
    kernels_.attend_finish(so_far + h * partial_stride_, shape.head_dim, head.out + h * shape.head_dim);
  }
}

// A run of rows of one sequence reads what its last row sees.
uint64_t CpuBackendImpl::KvBytesSeen() const {
  constexpr uint64_t kElementBytes[kernels::kKvTypeCount] = {4, 2, 1};
  const KvShape& shape = kv_.shape();
  const uint64_t scale_bytes = kv_.type() == kernels::kKvQ8 ? sizeof(float) : 0;
  uint64_t tokens = 0;
  for (size_t row = 0; row < rows(); ++row) {
    const bool last = row + 1 == rows() || batch_.sequences[row + 1] != batch_.sequences[row];
    if (last) tokens += uint64_t{batch_.positions[row]} + 1;
  }
  return tokens * shape.kv_heads * 2 * (shape.head_dim * kElementBytes[kv_.type()] + scale_bytes);
}

void CpuBackendImpl::Attend(uint32_t layer, SlotId queries, uint32_t heads, SlotId out) {
  FloatSlot& q = slot(queries);
  FloatSlot& y = slot(out);
  const KvShape& shape = kv_.shape();
  const size_t group = heads / shape.kv_heads;
  STERNA_DCHECK(heads % shape.kv_heads == 0 && group <= partials_per_run_);
  STERNA_DCHECK(q.columns() == size_t{heads} * shape.head_dim && y.columns() == q.columns());
  work_.counters().kv_bytes_read += KvBytesSeen();
  uint64_t cost = 0;
  for (const uint32_t position : batch_.positions) cost += (uint64_t{position} + 1) * q.columns() * 2;
  work_.Run(cost, rows() * shape.kv_heads, [&](size_t piece, uint32_t worker) {
    const size_t row = piece / shape.kv_heads;
    const auto kv_head = uint32_t(piece % shape.kv_heads);
    const size_t offset = kv_head * group * shape.head_dim;
    AttendHead({row, layer, kv_head, group, q.Row(row) + offset, y.Row(row) + offset}, worker);
  });
}

}  // namespace sterna::backend
