// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna::backend {

// Counters since creation, for the profile and for tests.
struct CpuBackendCounters {
  uint64_t parallel_regions = 0;
  uint64_t work_items = 0;
  // Bytes of stored weights that products read, each once a step: ternary codes of the rows and inputs that were not
  // skipped, and head rows.
  uint64_t weight_bytes_read = 0;
  // Keys and values of the tokens that attention saw, each once for a sequence's run of rows in a step.
  uint64_t kv_bytes_read = 0;
  // Of the steps of one row: feed-forward gates and inputs of sparse matrices, and how many of them were zero.
  uint64_t gates = 0, zero_gates = 0;
  uint64_t sparse_inputs = 0, zero_sparse_inputs = 0;
};

}  // namespace sterna::backend
