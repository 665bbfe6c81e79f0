// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/screened_head.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr float kOut = -std::numeric_limits<float>::infinity();  // the value of a row that cannot be in the answer
constexpr size_t kFinePieceRows = 1024;
constexpr size_t kExactPieceRows = 8;
constexpr size_t kMaxBest = 1024;
constexpr size_t kFewShare = 64;  // of the rows: one in so many is read sooner than the first plane of all

// As the sampler takes logits: no NaN decides a comparison.
float Orderly(float logit) { return std::isnan(logit) ? kOut : logit; }

}  // namespace

Status ScreenedHead::Allocate(size_t max_outputs) {
  const size_t outputs = std::min(max_outputs, kMaxOutputs);
  const size_t columns = planes_.padded_columns(), groups = planes_.padded_groups();
  const size_t query_bytes = RoundUp((columns + 2 * groups) * sizeof(float) + columns, AlignedBuffer::kAlignment);
  STERNA_ASSIGN_OR_RETURN(scratch_, AlignedBuffer::Create(outputs * query_bytes));
  STERNA_ASSIGN_OR_RETURN(flags_, AlignedBuffer::Create(head_.rows));
  slots_.resize(outputs);
  guesses_.reserve(kMaxBest);
  for (size_t i = 0; i < outputs; ++i) {
    Slot& slot = slots_[i];
    auto* const floats = reinterpret_cast<float*>(scratch_.data() + i * query_bytes);
    slot.query.rotated = floats;
    slot.query.coarse_offsets = floats + columns;
    slot.query.fine_offsets = floats + columns + groups;
    slot.query.values = reinterpret_cast<int8_t*>(floats + columns + 2 * groups);
    slot.ids.reserve(slot_rows());
    slot.logits.resize(slot_rows());
  }
  return {};
}

size_t ScreenedHead::slot_rows() const { return std::max(max_candidates(), kMaxBest); }

uint64_t ScreenedHead::size_bytes() const {
  return scratch_.size() + flags_.size() + slots_.size() * slot_rows() * (sizeof(int32_t) + sizeof(float));
}

bool ScreenedHead::Answers(const LogitNeed& need) const {
  return need.best != LogitNeed::kAll && need.best <= kMaxBest &&
         uint64_t{need.best} + need.ids.size() < max_candidates();
}

void ScreenedHead::Find(std::span<Output> outputs, WorkSplitter& work) {
  STERNA_DCHECK(outputs.size() <= slots_.size());
  std::array<bool, kMaxOutputs> screened{};
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (AsksForFew(outputs[i].need)) {
      FindFew(outputs[i], slots_[i], work);
    } else {
      screened[i] = planes_.Prepare(kernels_, outputs[i].x, slots_[i].query);
      outputs[i].open = !screened[i];
    }
  }
  CoarsePass(outputs, screened, work);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!screened[i]) continue;
    Flag(outputs[i].need, true);
    outputs[i].open = !FindOne(outputs[i], slots_[i], work);
    Flag(outputs[i].need, false);
  }
}

bool ScreenedHead::AsksForFew(const LogitNeed& need) const {
  if (need.among.empty()) return false;
  size_t count = need.ids.size();
  for (const uint64_t word : need.among) count += size_t(std::popcount(word));
  return count <= head_.rows / kFewShare;
}

void ScreenedHead::FindFew(Output& output, Slot& slot, WorkSplitter& work) {
  const std::span<const uint8_t> flags = std::as_const(flags_).as<uint8_t>();
  Flag(output.need, true);
  slot.ids.clear();
  for (size_t row = 0; row < head_.rows; ++row) {
    if (flags[row] != kNever) slot.ids.push_back(int32_t(row));
  }
  Flag(output.need, false);
  Answer(output, slot, work);
}

// With the exact logits of what the slot names.
void ScreenedHead::Answer(Output& output, Slot& slot, WorkSplitter& work) {
  Exact(output, slot, work);
  counters_.exact_rows += slot.ids.size();
  output.ids = slot.ids;
  output.logits = std::span(slot.logits).first(slot.ids.size());
}

ScreenedHeadCounters ScreenedHead::counters() const {
  ScreenedHeadCounters all = counters_;
  all.refined_rows = refined_rows_.load(std::memory_order_relaxed);
  all.bytes = all.passes * head_.rows * planes_.coarse_row_bytes() + all.refined_rows * planes_.fine_row_bytes() +
              all.exact_rows * head_.row_bytes;
  all.multiply_adds = (all.outputs * head_.rows + all.refined_rows + all.exact_rows) * head_.columns;
  return all;
}

void ScreenedHead::CoarsePass(std::span<Output> outputs, const std::array<bool, kMaxOutputs>& screened,
                              WorkSplitter& work) {
  const size_t piece_rows = work.WeightRowsPerPiece(planes_.coarse_row_bytes());
  std::array<HeadPlanes::CoarseQuery, kMaxOutputs> queries;
  size_t asked = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (screened[i]) queries[asked++] = {&slots_[i].query, outputs[i].values};
  }
  if (asked == 0) return;
  ++counters_.passes;
  counters_.outputs += asked;
  const uint64_t cost = uint64_t{head_.rows} * head_.columns * asked;
  work.Run(cost, CeilDiv(head_.rows, piece_rows), [&](size_t piece, uint32_t) {
    const size_t first = piece * piece_rows;
    planes_.Coarse(kernels_, {queries.data(), asked}, first, std::min(piece_rows, head_.rows - first));
  });
}

bool ScreenedHead::FindOne(Output& output, Slot& slot, WorkSplitter& work) {
  if (!GuessBest(output)) return false;
  const float threshold = Threshold(output, slot, work);
  if (threshold == kOut) return false;
  FinePass(output, slot.query, threshold, work);
  if (!Gather(output, slot)) return false;
  Answer(output, slot, work);
  return true;
}

void ScreenedHead::Flag(const LogitNeed& need, bool set) {
  if (!need.among.empty()) FlagAllBut(need.among, set ? kNever : kOpen);
  const auto mark = [&](std::span<const int32_t> ids, enum Flag flag) {
    for (const int32_t id : ids) {
      STERNA_DCHECK(id >= 0 && size_t(id) < head_.rows);
      flags_.as<uint8_t>()[size_t(id)] = set ? flag : kOpen;
    }
  };
  mark(need.ids, kWanted);
  mark(need.never, kNever);
}

void ScreenedHead::FlagAllBut(std::span<const uint64_t> among, enum Flag flag) {
  const std::span<uint8_t> flags = flags_.as<uint8_t>();
  const size_t told = std::min(among.size() * 64, size_t{head_.rows});
  for (size_t word = 0; word * 64 < told; ++word) {
    for (uint64_t others = ~among[word]; others != 0; others &= others - 1) {
      const size_t row = word * 64 + size_t(std::countr_zero(others));
      if (row < told) flags[row] = flag;
    }
  }
  std::fill(flags.begin() + std::ptrdiff_t(told), flags.end(), flag);
}

// Rows that look best by the first plane, as many as are wanted. False when there are not so many.
bool ScreenedHead::GuessBest(const Output& output) {
  const auto worse_last = [](const Guess& a, const Guess& b) { return a.value > b.value; };
  const std::span<const uint8_t> flags = std::as_const(flags_).as<uint8_t>();
  guesses_.clear();
  float least = kOut;  // of the guesses, once there are enough
  for (size_t row = 0; row < head_.rows; ++row) {
    if (output.values[row] <= least || flags[row] != kOpen) continue;
    if (guesses_.size() == output.need.best) {
      std::pop_heap(guesses_.begin(), guesses_.end(), worse_last);
      guesses_.pop_back();
    }
    guesses_.push_back({output.values[row], uint32_t(row)});
    std::push_heap(guesses_.begin(), guesses_.end(), worse_last);
    if (guesses_.size() == output.need.best) least = guesses_.front().value;
  }
  return guesses_.size() == output.need.best;
}

// The least of the exact logits of the guesses: at least as many true logits reach it as are wanted.
float ScreenedHead::Threshold(const Output& output, Slot& slot, WorkSplitter& work) {
  slot.ids.clear();
  for (const Guess& guess : guesses_) slot.ids.push_back(int32_t(guess.row));
  Exact(output, slot, work);
  float least = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < slot.ids.size(); ++i) least = std::min(least, Orderly(slot.logits[i]));
  return least;
}

void ScreenedHead::FinePass(const Output& output, const HeadQuery& query, float threshold, WorkSplitter& work) {
  work.Run(uint64_t{head_.rows} * 8, CeilDiv(head_.rows, kFinePieceRows), [&](size_t piece, uint32_t) {
    const size_t first = piece * kFinePieceRows;
    FinePiece(output, query, threshold, first, std::min(first + kFinePieceRows, head_.rows));
  });
}

// Comparisons are written so that a NaN keeps its row.
void ScreenedHead::FinePiece(const Output& output, const HeadQuery& query, float threshold, size_t first, size_t end) {
  const std::span<const uint8_t> flags = std::as_const(flags_).as<uint8_t>();
  uint32_t rows[kFinePieceRows];
  float changes[kFinePieceRows];
  size_t count = 0;
  for (size_t row = first; row < end; ++row) {
    const bool out = output.values[row] + planes_.CoarseBound(query, row) < threshold;
    if (!out && flags[row] == kOpen) {
      rows[count++] = uint32_t(row);
    } else {
      output.values[row] = kOut;
    }
  }
  if (count == 0) return;
  refined_rows_.fetch_add(count, std::memory_order_relaxed);
  planes_.Fine(kernels_, query, {rows, count}, changes);
  for (size_t i = 0; i < count; ++i) {
    float& value = output.values[rows[i]];
    const float finer = value + changes[i];
    value = finer + planes_.FineBound(query, rows[i]) < threshold ? kOut : finer;
  }
}

bool ScreenedHead::Gather(const Output& output, Slot& slot) const {
  const std::span<const uint8_t> flags = flags_.as<uint8_t>();
  slot.ids.clear();
  for (size_t row = 0; row < head_.rows; ++row) {
    if (output.values[row] == kOut && flags[row] != kWanted) continue;
    if (slot.ids.size() == max_candidates()) return false;
    slot.ids.push_back(int32_t(row));
  }
  return true;
}

void ScreenedHead::Exact(const Output& output, Slot& slot, WorkSplitter& work) {
  const kernels::FloatRows x = {output.x, 1, RoundUp(head_.columns, size_t{16})};
  const size_t count = slot.ids.size();
  const auto row_start = [&](size_t i) { return head_.data + size_t(slot.ids[i]) * head_.row_bytes; };
  work.Run(count * head_.columns, CeilDiv(count, kExactPieceRows), [&](size_t piece, uint32_t) {
    const size_t end = std::min((piece + 1) * kExactPieceRows, count);
    for (size_t i = piece * kExactPieceRows; i < end; ++i) {
      if (i + 1 < end) {
        for (size_t at = 0; at < head_.row_bytes; at += 64) __builtin_prefetch(row_start(i + 1) + at);
      }
      const kernels::DenseRows row = {row_start(i), 1, head_.columns, head_.row_bytes};
      kernels_.dense_linear[type_](row, x, slot.logits.data() + i, 1);
    }
  });
}

}  // namespace sterna::backend
