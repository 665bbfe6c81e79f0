// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "backend/backend.h"
#include "backend/cpu/cpu_counters.h"
#include "kernels/table.h"
#include "platform/thread_pool.h"

namespace sterna::backend {

struct CpuBackendOptions {
  uint32_t work_item_bytes = 32 * 1024;  // packed weights per piece of parallel work
  uint32_t parallel_threshold =
      16384;               // multiply-adds or float elements below which an operation stays on the caller's thread
  bool skip_zeros = true;  // leave out rows and inputs that are multiplied by zero; changes no result, only the time
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
