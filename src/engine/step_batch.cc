// SPDX-License-Identifier: Apache-2.0
#include "engine/step_batch.h"

#include <algorithm>

#include "base/check.h"

namespace sterna::engine {
namespace {

bool ShowsLogits(const Sequence& sequence, uint32_t position) {
  return sequence.request->on_prompt_logits && position >= sequence.prompt_begin && position < sequence.prompt_end;
}

// Logits are wanted where a token is drawn (after the last token known and after guessed ones) and where the caller
// asked to see them.
bool WantsLogits(const Sequence& sequence, uint32_t position) {
  const GenerateRequest& request = *sequence.request;
  if (ShowsLogits(sequence, position)) return true;
  return request.max_tokens > 0 && position + 1 >= sequence.tokens.size();
}

text::TokenId TokenAt(const Sequence& sequence, size_t position) {
  const size_t known = sequence.tokens.size();
  return position < known ? sequence.tokens[position] : sequence.speculation.guess()[position - known];
}

}  // namespace

StepBatch::StepBatch(const StepLimits& limits, std::span<const text::TokenId> never_drawn)
    : limits_(limits), row_limit_(limits.rows), never_drawn_(never_drawn) {
  entries_.reserve(limits.rows);
  tokens_.reserve(limits.rows);
  positions_.reserve(limits.rows);
  sequences_.reserve(limits.rows);
  block_tables_.reserve(limits.rows);
  output_rows_.reserve(limits.outputs);
  needs_.reserve(limits.outputs);
}

void StepBatch::Clear() {
  entries_.clear();
  tokens_.clear();
  positions_.clear();
  sequences_.clear();
  block_tables_.clear();
  output_rows_.clear();
  needs_.clear();
  keep_hidden_ = false;
}

uint32_t StepBatch::RowsThatFit(const Sequence& sequence) const {
  if (entries_.size() >= limits_.sequences) return 0;
  const uint32_t row_limit = row_limit_, held = uint32_t(tokens_.size());
  const uint32_t free_rows = row_limit - std::min(row_limit, held);
  const uint32_t guessed_rows = uint32_t(sequence.speculation.guess().size());
  const uint32_t rows = std::min({sequence.PendingRows() + guessed_rows, free_rows, limits_.chunk_tokens});
  uint32_t free_outputs = limits_.outputs - uint32_t(output_rows_.size());
  for (uint32_t row = 0; row < rows; ++row) {
    if (!WantsLogits(sequence, sequence.computed_tokens + row)) continue;
    if (free_outputs == 0) return row;
    --free_outputs;
  }
  return rows;
}

void StepBatch::Add(Sequence& sequence, uint32_t rows) {
  STERNA_DCHECK(rows > 0 && rows <= RowsThatFit(sequence));
  const uint32_t first_output = uint32_t(output_rows_.size()), first_row = uint32_t(tokens_.size());
  if (sequence.request->on_hidden) keep_hidden_ = true;
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t position = sequence.computed_tokens + row;
    if (WantsLogits(sequence, position)) {
      output_rows_.push_back(uint32_t(tokens_.size()));
      needs_.push_back(NeedOf(sequence, position));
    }
    tokens_.push_back(TokenAt(sequence, position));
    positions_.push_back(position);
    sequences_.push_back(uint32_t(entries_.size()));
  }
  block_tables_.push_back(sequence.kv.blocks());
  entries_.push_back({&sequence, first_row, rows, first_output, uint32_t(output_rows_.size()) - first_output});
}

// A row of logits that is only drawn from: what the draw looks at.
backend::LogitNeed StepBatch::NeedOf(Sequence& sequence, uint32_t position) const {
  const sample::SamplingParams& sampling = sequence.request->sampling;
  const uint32_t best = sample::LargestLogitsOfDraw(sampling);
  if (best == 0 || ShowsLogits(sequence, position) || sequence.request->on_draw_logits) return {};
  // What penalties touch and what a constraint allows behind a guess depends on the guess: every logit serves.
  const bool guessed = position >= sequence.tokens.size();
  if (guessed && (sequence.constrained || sample::HasPenalties(sampling))) return {};
  backend::LogitNeed need{best, sequence.sampler.Touched(sampling, sequence.tokens), never_drawn_, {}};
  if (sequence.constrained) {
    const auto allowed = sequence.constrained->Allowed();
    if (!allowed.ok()) return {};  // told where the token is drawn
    need.among = *allowed;
  }
  return need;
}

backend::Batch StepBatch::View() const {
  return {tokens_, positions_, sequences_, block_tables_, output_rows_, needs_, keep_hidden_};
}

}  // namespace sterna::engine
