// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "memory/stream_window.h"

namespace sterna::backend {

// Counters since creation, for the profile and for tests.
struct CpuBackendCounters {
  uint64_t parallel_regions = 0;
  uint64_t work_items = 0;
  // Bytes of stored weights that products read, each once a step: ternary codes of the rows and inputs that were not
  // skipped, and what heads read (head_bytes).
  uint64_t weight_bytes_read = 0;
  // Keys and values of the tokens that attention saw, each once for a sequence's run of rows in a step.
  uint64_t kv_bytes_read = 0;
  // Computed by products with weights and by attention; what was skipped is not among them.
  uint64_t multiply_adds = 0;
  // Of the steps of one row: feed-forward gates and inputs of sparse matrices, and how many of them were zero.
  uint64_t gates = 0, zero_gates = 0;
  uint64_t sparse_inputs = 0, zero_sparse_inputs = 0;
  // Rows of activations with values beyond the magnitude of their scale: clamped, or given a scale of their own.
  uint64_t clamped_rows = 0, rescaled_rows = 0;
  // UnpackOptions::cache: weights that were unpacked, in how many pieces, and products that found theirs there.
  uint64_t unpacked_weights = 0, unpacked_batches = 0, unpacked_hits = 0;
  uint64_t head_outputs = 0;       // rows of logits, computed whole or not
  uint64_t head_whole = 0;         // of these, computed whole
  uint64_t head_refined_rows = 0;  // head rows whose second plane was read
  uint64_t head_exact_rows = 0;    // head rows computed as candidates
  uint64_t head_bytes = 0;         // codes and weights of heads that were read
  memory::StreamCounters stream;   // zeros without StreamOptions
};

}  // namespace sterna::backend
