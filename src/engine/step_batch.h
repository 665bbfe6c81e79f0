// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "engine/sequence.h"

namespace sterna::engine {

struct StepLimits {
  uint32_t rows = 1;          // of a step
  uint32_t sequences = ~0u;   // that share a step
  uint32_t outputs = 1;       // logit rows of a step
  uint32_t chunk_tokens = 1;  // prompt rows of one sequence in a step
};

// The rows of one step, gathered from several sequences. All memory is taken at construction.
class StepBatch {
 public:
  // `never_drawn` outlives the batch.
  explicit StepBatch(const StepLimits& limits, std::span<const text::TokenId> never_drawn = {});

  // What one sequence contributes. Its logit rows are outputs first_output .. first_output + outputs - 1, of its last
  // rows.
  struct Entry {
    Sequence* sequence;
    uint32_t first_row, rows;
    uint32_t first_output;
    uint32_t outputs;
  };

  // Any thread: steps begun later have no more rows than this (1 at least, and the limits' at most).
  void LimitRows(uint32_t rows) { row_limit_ = std::clamp(rows, 1u, limits_.rows); }
  void Clear();
  // How many of the sequence's pending and guessed rows fit now, by every limit; 0 when none.
  uint32_t RowsThatFit(const Sequence& sequence) const;
  // Appends the sequence's next `rows` rows (> 0, at most RowsThatFit). Its KV table must hold them already.
  void Add(Sequence& sequence, uint32_t rows);

  bool empty() const { return entries_.empty(); }
  std::span<const Entry> entries() const { return entries_; }
  backend::Batch View() const;

 private:
  backend::LogitNeed NeedOf(Sequence& sequence, uint32_t position) const;

  const StepLimits limits_;
  std::atomic<uint32_t> row_limit_;
  std::span<const text::TokenId> never_drawn_;
  std::vector<Entry> entries_;
  std::vector<int32_t> tokens_;
  std::vector<uint32_t> positions_, sequences_, output_rows_;
  std::vector<backend::LogitNeed> needs_;
  std::vector<std::span<const uint32_t>> block_tables_;
  bool keep_hidden_ = false;
};

}  // namespace sterna::engine
