// SPDX-License-Identifier: Apache-2.0
#include "engine/memory_stats.h"

#include <algorithm>

#include "engine/memory_estimate.h"
#include "platform/memory_usage.h"

namespace sterna::engine {
namespace {

double Mebibytes(uint64_t bytes) { return double(bytes) / double(1 << 20); }

}  // namespace

MemoryStats ReadMemoryStats(const EngineCore& core, uint64_t& peak_bytes) {
  const backend::MemoryPlan& plan = core.report.plan;
  const uint64_t kv_bytes = plan.BytesOf("KV cache"), block_bytes = kv_bytes / core.kv->block_count();
  const uint64_t kv_free_bytes = block_bytes * core.kv->free_blocks();
  memory::PoolUse pools = core.backend->WeightPools();
  // Ends of slabs that are too small for another matrix lie in pages that are there; the largest piece is not touched.
  const uint64_t slab_end_bytes = pools.free_bytes - pools.largest_free_bytes;
  const uint64_t engine_bytes = plan.TotalBytes() - kv_bytes + block_bytes * core.kv->touched_blocks() + slab_end_bytes;
  const memory::PoolUse buffers = core.buffers->use();
  const uint64_t own_bytes = engine_bytes - plan.BytesOf(kRequestBuffers) + buffers.reserved_bytes;
  const uint64_t allocated_bytes = own_bytes + MemoryAligned::held_bytes();
  peak_bytes = std::max({peak_bytes, allocated_bytes, own_bytes + MemoryAligned::peak_bytes()});

  pools.Add(buffers);
  pools.Add({kv_bytes, kv_bytes - kv_free_bytes, kv_free_bytes, kv_free_bytes});  // a block is as good as another
  const uint64_t limit_bytes = core.options.memory_limit_bytes;
  const uint64_t most_bytes = limit_bytes > 0 ? limit_bytes : allocated_bytes + platform::AvailableMemoryBytes();
  return {.allocated_mb = Mebibytes(allocated_bytes),
          .peak_mb = Mebibytes(peak_bytes),
          .usage_percent = 100.0 * double(allocated_bytes) / double(std::max<uint64_t>(most_bytes, 1)),
          .efficiency_percent = 100 * pools.Efficiency(),
          .fragmentation_percent = 100 * pools.Fragmentation()};
}

}  // namespace sterna::engine
