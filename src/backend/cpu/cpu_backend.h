// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "backend/backend.h"
#include "kernels/table.h"
#include "platform/thread_pool.h"

namespace sterna::backend {

struct CpuBackendOptions {
  uint32_t work_item_bytes = 32 * 1024;  // packed weights per piece of parallel work
  uint32_t parallel_threshold =
      16384;               // multiply-adds or float elements below which an operation stays on the caller's thread
  bool skip_zeros = true;  // leave out rows and inputs that are multiplied by zero; changes no result, only the time
};

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

class CpuBackend : public Backend {
 public:
  // Both references must outlive the backend.
  static std::unique_ptr<CpuBackend> Create(const kernels::KernelTable& kernels, platform::ThreadPool& pool,
                                            const CpuBackendOptions& options = {});
  virtual CpuBackendCounters Counters() const = 0;
  // Row `row` of a slot as the last operations left it, [columns]: for tests and for looking at a model from inside.
  virtual std::span<float> SlotRow(SlotId id, uint32_t row) = 0;
};

}  // namespace sterna::backend
