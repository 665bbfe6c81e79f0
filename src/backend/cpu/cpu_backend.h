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
      16384;  // multiply-adds or float elements below which an operation stays on the caller's thread
  // Workers that share an operation, of those the pool has: in steps of up to decode_rows rows, which wait for memory,
  // and in larger ones, which wait for arithmetic.
  uint32_t decode_workers = platform::ThreadPool::kMaxThreads;
  uint32_t prefill_workers = platform::ThreadPool::kMaxThreads;
  uint32_t decode_rows = 16;
};

// Counters since creation, for the profile and for tests.
struct CpuBackendCounters {
  uint64_t parallel_regions = 0;
  uint64_t work_items = 0;
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
