// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "backend/backend.h"
#include "backend/cpu/cpu_counters.h"
#include "backend/outlier_handling.h"
#include "backend/unpack_options.h"
#include "kernels/table.h"
#include "memory/pool_use.h"
#include "memory/stream_window.h"
#include "monitor/worker_times.h"
#include "platform/aligned_buffer.h"
#include "platform/thread_pool.h"

namespace sterna::backend {

// How logits are found where a step asks for the largest ones only (LogitNeed). kCertified and kScreened keep a low-bit
// copy of the head (head_planes.h); the answer is the whole head's, with kScreened except for a chance below 1e-8 a row
// of logits.
enum class HeadMode : uint8_t { kExact, kCertified, kScreened };

// Weights that are not held but flow through a window, layer by layer (docs/memory.md).
struct StreamOptions {
  // Copies stored bytes that were given to Add... from their file; called on any thread. Empty: they are copied from
  // where they lie.
  std::function<Status(std::span<const std::byte> stored, std::byte* out)> read;
  uint64_t window_bytes = uint64_t{512} << 20;  // the most that the window takes; two layers at least
  memory::EvictionPolicy eviction = memory::EvictionPolicy::kFarthestNext;
  memory::PreloadStrategy preload = memory::PreloadStrategy::kPredictive;
};

struct CpuBackendOptions {
  uint32_t work_item_bytes = 32 * 1024;  // packed weights per piece of parallel work
  uint64_t parallel_threshold =
      16384;  // multiply-adds or float elements below which an operation stays on the caller's thread
  BufferPlacement placement = {};  // of weights that are copied, keys and values, and activations
  bool copy_packed = true;  // packed matrices into memory in huge pages; false: read where they lie. Same results.
  bool skip_zeros = true;   // leave out rows and inputs that are multiplied by zero; changes no result, only the time
  HeadMode head = HeadMode::kExact;
  bool head_in_background = false;  // make the head's planes beside the first steps; changes no result, only the time
  // Workers that share an operation, of those the pool has: in steps of up to decode_rows rows, which wait for memory,
  // and in larger ones, which wait for arithmetic.
  uint32_t decode_workers = platform::ThreadPool::kMaxThreads;
  uint32_t prefill_workers = platform::ThreadPool::kMaxThreads;
  uint32_t decode_rows = 16;
  OutlierHandling outliers = {};
  UnpackOptions unpack = {};
  // Linear weights, and with HeadMode::kExact the head, flow from their file. The same results.
  std::optional<StreamOptions> stream = std::nullopt;
  // Where workers note when they worked, while it is on; outlives the backend. Null: nowhere.
  monitor::WorkerTimes* worker_times = nullptr;
};

// Bytes that a head of that shape takes more than with HeadMode::kExact; 0 when no other mode can be.
uint64_t HeadPlanesBytes(uint64_t rows, uint64_t columns);

class CpuBackend : public Backend {
 public:
  // Both references must outlive the backend.
  static std::unique_ptr<CpuBackend> Create(const kernels::KernelTable& kernels, platform::ThreadPool& pool,
                                            const CpuBackendOptions& options = {});
  virtual CpuBackendCounters Counters() const = 0;
  // Before Prepare: the window of streamed weights takes no more than all else leaves of this many bytes.
  virtual void LimitPlan(uint64_t total_bytes) = 0;

  // Of the pools that weights lie in.
  virtual memory::PoolUse WeightPools() const = 0;

  // For memory that runs short; after Prepare, any thread, without changing a result. How much of the window of
  // streamed weights is used: all, what has been filled by now, two layers. What is not used goes back to the system.
  enum class WindowUse : uint8_t { kAll, kFilled, kLeast };
  virtual void UseWindow(WindowUse use) = 0;
  // A KV block that no sequence holds: its memory goes back to the system until the block is used again.
  virtual void GiveBackKv(uint32_t block) = 0;
};

}  // namespace sterna::backend
