// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "backend/backend.h"
#include "backend/cpu/cpu_counters.h"
#include "kernels/table.h"
#include "platform/aligned_buffer.h"
#include "platform/thread_pool.h"

namespace sterna::backend {

// How logits are found where a step asks for the largest ones only (LogitNeed). kCertified and kScreened keep a low-bit
// copy of the head (head_planes.h); the answer is the whole head's, with kScreened except for a chance below 1e-8 a row
// of logits.
enum class HeadMode : uint8_t { kExact, kCertified, kScreened };

struct CpuBackendOptions {
  uint32_t work_item_bytes = 32 * 1024;  // packed weights per piece of parallel work
  uint64_t parallel_threshold =
      16384;  // multiply-adds or float elements below which an operation stays on the caller's thread
  uint64_t alignment_bytes = AlignedBuffer::kAlignment;  // of buffers: a power of two from that up
  bool copy_packed = true;  // packed matrices into memory in huge pages; false: read where they lie. Same results.
  bool skip_zeros = true;   // leave out rows and inputs that are multiplied by zero; changes no result, only the time
  HeadMode head = HeadMode::kExact;
  bool head_in_background = false;  // make the head's planes beside the first steps; changes no result, only the time
  // Workers that share an operation, of those the pool has: in steps of up to decode_rows rows, which wait for memory,
  // and in larger ones, which wait for arithmetic.
  uint32_t decode_workers = platform::ThreadPool::kMaxThreads;
  uint32_t prefill_workers = platform::ThreadPool::kMaxThreads;
  uint32_t decode_rows = 16;
};

// Bytes that a head of that shape takes more than with HeadMode::kExact; 0 when no other mode can be.
uint64_t HeadPlanesBytes(uint64_t rows, uint64_t columns);

class CpuBackend : public Backend {
 public:
  // Both references must outlive the backend.
  static std::unique_ptr<CpuBackend> Create(const kernels::KernelTable& kernels, platform::ThreadPool& pool,
                                            const CpuBackendOptions& options = {});
  virtual CpuBackendCounters Counters() const = 0;
};

}  // namespace sterna::backend
