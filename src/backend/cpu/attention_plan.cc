// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/attention_plan.h"

#include <algorithm>

#include "base/checked_math.h"
#include "base/status_macros.h"
#include "kernels/table.h"

namespace sterna::backend {
namespace {

constexpr uint32_t kMostKeptRows = 8;

uint32_t BlocksOf(uint32_t positions) { return CeilDiv(positions, uint32_t{kernels::kKvBlockTokens}); }

size_t PartialFloats(uint32_t head_dim) {
  return RoundUp(kernels::kPartialHeader + head_dim, AlignedBuffer::kAlignment / sizeof(float));
}

// That one row sees at the most.
uint32_t MostBlocks(const AttentionPlan::Limits& limits) {
  const uint32_t all = BlocksOf(limits.positions);
  return limits.window == 0 ? all : std::min(all, BlocksOf(limits.window) + 1);  // a window begins inside a block
}

uint64_t WindowBytes(const AttentionPlan::Limits& limits) {
  return uint64_t{limits.threads} * AttentionPlan::kTileRows * AttentionPlan::kWindowBlocks * limits.group *
         PartialFloats(limits.head_dim) * sizeof(float);
}

}  // namespace

uint32_t AttentionPlan::KeptRows(const Limits& limits) {
  if (limits.threads == 1) return 0;
  return std::min({limits.rows, kMostKeptRows, CeilDiv(kPiecesPerThread * limits.threads, limits.kv_heads)});
}

uint64_t AttentionPlan::BytesFor(const Limits& limits) {
  const uint64_t groups = uint64_t{KeptRows(limits)} * limits.kv_heads * MostBlocks(limits);
  return WindowBytes(limits) + groups * limits.group * PartialFloats(limits.head_dim) * sizeof(float);
}

Status AttentionPlan::Prepare(const Limits& limits) {
  limits_ = limits;
  partial_floats_ = PartialFloats(limits.head_dim);
  kept_groups_ = uint64_t{KeptRows(limits)} * limits.kv_heads * MostBlocks(limits);
  tiles_.reserve(limits.rows);
  rows_.reserve(limits.rows);
  // Each row has a rounded-up number of runs beside its share.
  runs_.reserve(size_t{kPiecesPerThread} * limits.threads + limits.rows);
  STERNA_ASSIGN_OR_RETURN(windows_, AlignedBuffer::Create(WindowBytes(limits)));
  STERNA_ASSIGN_OR_RETURN(kept_, AlignedBuffer::Create(BytesFor(limits) - WindowBytes(limits)));
  return {};
}

uint32_t AttentionPlan::FirstBlock(uint32_t position) const {
  return FirstSeen(position) / uint32_t{kernels::kKvBlockTokens};
}

void AttentionPlan::Cut(const Batch& batch) {
  tiles_.clear();
  runs_.clear();
  if (!CutIntoRuns(batch)) CutIntoTiles(batch);
}

bool AttentionPlan::CutIntoRuns(const Batch& batch) {
  const size_t rows = batch.positions.size();
  const uint32_t wanted = kPiecesPerThread * limits_.threads;
  if (limits_.threads == 1 || rows * limits_.kv_heads >= wanted) return false;
  rows_.clear();
  uint64_t blocks = 0;
  for (const uint32_t position : batch.positions) {
    rows_.push_back({FirstBlock(position), BlocksOf(position + 1), blocks * limits_.kv_heads});
    blocks += rows_.back().blocks();
  }
  if (blocks * limits_.kv_heads > kept_groups_) return false;
  const auto run_blocks = uint32_t(CeilDiv<uint64_t>(blocks * limits_.kv_heads, wanted));
  for (uint32_t row = 0; row < rows; ++row) {
    for (uint32_t first = rows_[row].first; first < rows_[row].end; first += run_blocks) {
      runs_.push_back({row, first, std::min(first + run_blocks, rows_[row].end)});
    }
  }
  return true;
}

void AttentionPlan::CutIntoTiles(const Batch& batch) {
  const auto rows = uint32_t(batch.positions.size());
  const uint32_t wanted = limits_.threads == 1 ? 1 : kPiecesPerThread * limits_.threads;
  const uint32_t tile_rows = std::clamp(rows * limits_.kv_heads / wanted, uint32_t{1}, kTileRows);
  for (uint32_t row = 0; row < rows; ++row) {
    const bool joins = row > 0 && tiles_.back().rows < tile_rows && batch.sequences[row] == batch.sequences[row - 1];
    if (!joins) tiles_.push_back({row, 0, FirstBlock(batch.positions[row]), 0});
    ++tiles_.back().rows;
    tiles_.back().end = BlocksOf(batch.positions[row] + 1);
  }
}

float* AttentionPlan::WindowOf(uint32_t worker) {
  return windows_.as<float>().data() + size_t{worker} * kTileRows * kWindowBlocks * group_floats();
}

float* AttentionPlan::PartialsOf(size_t row, uint32_t kv_head) {
  const uint64_t first = rows_[row].partials + uint64_t{kv_head} * rows_[row].blocks();
  return kept_.as<float>().data() + first * group_floats();
}

}  // namespace sterna::backend
