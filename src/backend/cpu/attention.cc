// SPDX-License-Identifier: Apache-2.0
//
// Causal attention over blocks of 64 positions. Each block gives partials against its own maximum; they are merged in
// order of position, so a row's result does not depend on the rows it is computed with.
#include <algorithm>
#include <cmath>

#include "backend/cpu/cpu_backend_impl.h"
#include "base/check.h"

namespace sterna::backend {

// The query heads of neighbouring rows that share one KV head.
struct CpuBackendImpl::AttentionHeads {
  const AttentionPlan& plan;
  uint32_t layer;
  uint32_t kv_head;
  uint32_t row;
  uint32_t rows;
  FloatSlot& queries;
  FloatSlot& out;
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

// Blocks `first` to `end` of those rows; `partials` has `row_groups` groups for each row, in order of position from the
// first that the row sees on.
void CpuBackendImpl::AttendBlocks(const AttentionHeads& heads, uint32_t first, uint32_t end, float* partials,
                                  size_t row_groups) {
  const KvShape& shape = kv_.shape();
  const AttentionPlan& plan = heads.plan;
  const size_t offset = size_t{heads.kv_head} * plan.group() * shape.head_dim;
  const float softmax_scale = 1.0f / std::sqrt(float(shape.head_dim));
  const std::span<const uint32_t> blocks = batch_.block_tables[batch_.sequences[heads.row]];
  for (uint32_t block = first; block < end; ++block) {
    kernels::KvBlock kv = kv_.At(blocks[block], heads.layer, heads.kv_head);
    if (block + 1 < end) kv.upcoming = kv_.At(blocks[block + 1], heads.layer, heads.kv_head).keys;
    for (uint32_t r = 0; r < heads.rows; ++r) {
      const size_t row = heads.row + r;
      const size_t before = size_t{block} * kernels::kKvBlockTokens, tokens = size_t{batch_.positions[row]} + 1;
      const uint32_t own_first = plan.FirstBlock(batch_.positions[row]);
      if (before >= tokens || block < own_first) continue;
      kv.first = block == own_first ? plan.FirstSeen(batch_.positions[row]) - before : 0;
      const size_t group = r * row_groups + (block - std::max(first, own_first));
      kernels_.attend_block[kv_.type()](heads.queries.Row(row) + offset, plan.group(), shape.head_dim, kv,
                                        std::min(kernels::kKvBlockTokens, tokens - before), shape.head_dim,
                                        softmax_scale, partials + group * plan.group_floats(), plan.partial_floats());
      kv.upcoming = kv.keys;  // once is enough
    }
  }
}

// Groups 1 .. groups - 1 into group 0.
void CpuBackendImpl::MergeGroups(const AttentionPlan& plan, float* partials, size_t groups) {
  for (uint32_t h = 0; h < plan.group(); ++h) {
    float* const into = partials + h * plan.partial_floats();
    kernels_.attend_merge(into, into + plan.group_floats(), groups - 1, plan.group_floats(), kv_.shape().head_dim);
  }
}

void CpuBackendImpl::FinishGroup(const AttentionHeads& heads, size_t row, const float* partials) {
  const size_t head_dim = kv_.shape().head_dim;
  float* const out = heads.out.Row(row) + size_t{heads.kv_head} * heads.plan.group() * head_dim;
  for (uint32_t h = 0; h < heads.plan.group(); ++h) {
    kernels_.attend_finish(partials + h * heads.plan.partial_floats(), head_dim, out + h * head_dim);
  }
}

// All blocks of a tile. Group 0 of a row's partials holds what is known so far, from the second round on. Rows of a
// tile begin at most one block apart, and a round has more, so every row is known after the first.
void CpuBackendImpl::AttendTile(const AttentionHeads& heads, const AttentionPlan::Tile& tile, float* partials) {
  const AttentionPlan& plan = heads.plan;
  const size_t row_groups = size_t{AttentionPlan::kTileRows} * AttentionPlan::kWindowBlocks / heads.rows;
  const size_t row_floats = row_groups * plan.group_floats();
  for (uint32_t first = tile.first; first < tile.end;) {
    const size_t known = first == tile.first ? 0 : 1;
    const auto end = uint32_t(std::min<size_t>(tile.end, first + row_groups - known));
    AttendBlocks(heads, first, end, partials + known * plan.group_floats(), row_groups);
    for (uint32_t r = 0; r < heads.rows; ++r) {
      const uint32_t position = batch_.positions[heads.row + r];
      const size_t own_end = position / kernels::kKvBlockTokens + 1, own_first = plan.FirstBlock(position);
      MergeGroups(plan, partials + r * row_floats,
                  known + std::min<size_t>(own_end, end) - std::max<size_t>(own_first, first));
    }
    first = end;
  }
  for (uint32_t r = 0; r < heads.rows; ++r) FinishGroup(heads, heads.row + r, partials + r * row_floats);
}

void CpuBackendImpl::AttendTiles(AttentionPlan& plan, uint32_t layer, FloatSlot& queries, FloatSlot& out,
                                 uint64_t cost) {
  const auto tiles = plan.tiles();
  const uint32_t kv_heads = kv_.shape().kv_heads;
  work_.Run(cost, tiles.size() * kv_heads, [&](size_t piece, uint32_t worker) {
    // The last tiles of a prompt are the largest: first, so that no thread is left alone with one.
    const AttentionPlan::Tile& tile = tiles[tiles.size() - 1 - piece / kv_heads];
    AttendTile({plan, layer, uint32_t(piece % kv_heads), tile.row, tile.rows, queries, out}, tile,
               plan.WindowOf(worker));
  });
}

void CpuBackendImpl::AttendRuns(AttentionPlan& plan, uint32_t layer, FloatSlot& queries, FloatSlot& out,
                                uint64_t cost) {
  const auto runs = plan.runs();
  const uint32_t kv_heads = kv_.shape().kv_heads;
  work_.Run(cost, runs.size() * kv_heads, [&](size_t piece, uint32_t) {
    const AttentionPlan::Run& run = runs[piece / kv_heads];
    const auto kv_head = uint32_t(piece % kv_heads);
    const size_t group = run.first - plan.row(run.row).first;
    float* const partials = plan.PartialsOf(run.row, kv_head) + group * plan.group_floats();
    AttendBlocks({plan, layer, kv_head, run.row, 1, queries, out}, run.first, run.end, partials, 0);
  });
  const uint64_t merge_cost = cost / kernels::kKvBlockTokens;
  work_.Run(merge_cost, rows() * kv_heads, [&](size_t piece, uint32_t) {
    const size_t row = piece / kv_heads;
    const auto kv_head = uint32_t(piece % kv_heads);
    float* const partials = plan.PartialsOf(row, kv_head);
    MergeGroups(plan, partials, plan.row(row).blocks());
    FinishGroup({plan, layer, kv_head, uint32_t(row), 1, queries, out}, row, partials);
  });
}

// A run of rows of one sequence reads from what its first row sees first to what its last row sees last.
uint64_t CpuBackendImpl::KvBytesSeen(const AttentionPlan& plan) const {
  constexpr uint64_t kElementBytes[kernels::kKvTypeCount] = {4, 2, 1};
  const KvShape& shape = kv_.shape();
  const uint64_t scale_bytes = kv_.type() == kernels::kKvQ8 ? sizeof(float) : 0;
  uint64_t tokens = 0;
  for (size_t row = 0; row < rows(); ++row) {
    const bool first = row == 0 || batch_.sequences[row - 1] != batch_.sequences[row];
    const bool last = row + 1 == rows() || batch_.sequences[row + 1] != batch_.sequences[row];
    if (first) tokens -= plan.FirstSeen(batch_.positions[row]);
    if (last) tokens += uint64_t{batch_.positions[row]} + 1;
  }
  return tokens * shape.kv_heads * 2 * (shape.head_dim * kElementBytes[kv_.type()] + scale_bytes);
}

void CpuBackendImpl::Attend(uint32_t layer, SlotId queries, uint32_t heads, Reach reach, SlotId out) {
  FloatSlot& q = slot(queries);
  FloatSlot& y = slot(out);
  const KvShape& shape = kv_.shape();
  AttentionPlan& cut = plan(reach);
  STERNA_DCHECK(heads == cut.group() * shape.kv_heads && (reach == Reach::kAll || shape.window > 0));
  STERNA_DCHECK(q.columns() == size_t{heads} * shape.head_dim && y.columns() == q.columns());
  work_.counters().kv_bytes_read += KvBytesSeen(cut);
  uint64_t cost = 0;
  for (const uint32_t position : batch_.positions) {
    cost += (uint64_t{position} + 1 - cut.FirstSeen(position)) * q.columns() * 2;
  }
  work_.counters().multiply_adds += cost;
  cut.split() ? AttendRuns(cut, layer, q, y, cost) : AttendTiles(cut, layer, q, y, cost);
}

}  // namespace sterna::backend
