// SPDX-License-Identifier: Apache-2.0
#include "engine/load_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/checked_math.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "engine/memory_estimate.h"
#include "engine/sequence.h"
#include "kernels/dispatch.h"
#include "model/kv_blocks.h"

namespace sterna::engine {
namespace {

// Logits are big (half a megabyte a row for 128256 tokens): a step yields as many rows as fit here, but never fewer
// than kMinOutputs.
constexpr uint64_t kLogitBytes = 16u << 20;
constexpr uint64_t kMinOutputs = 16;

// A smaller head is read so quickly that planes are not worth their making.
constexpr uint64_t kBigHeadBytes = 32u << 20;

class Planner {
 public:
  Planner(const format::GgufFile& file, const model::ModelConfig& config, const EngineOptions& options,
          const kernels::KernelTable& kernels, uint32_t threads)
      : file_(file), config_(config), options_(options), kernels_(kernels), threads_(threads) {}

  Result<LoadPlan> Plan() {
    STERNA_RETURN_IF_ERROR(PlanContext());
    PlanSteps();
    STERNA_RETURN_IF_ERROR(PlanCache());
    STERNA_RETURN_IF_ERROR(PlanWeights());
    return plan_;
  }

 private:
  Status PlanContext() {
    plan_.context_tokens = options_.context_tokens.value_or(config_.context_length);
    if (plan_.context_tokens >= 1 && plan_.context_tokens <= config_.context_length) return {};
    return Status::InvalidArgument(fmt::format("a context of {} tokens is not possible; the model's is {}",
                                               plan_.context_tokens, config_.context_length));
  }

  void PlanSteps() {
    const uint64_t fitting = std::max(kLogitBytes / (uint64_t{config_.vocabulary_size} * sizeof(float)), kMinOutputs);
    plan_.limits = {.rows = options_.step_rows,
                    .sequences = options_.step_sequences,
                    .outputs = uint32_t(std::min<uint64_t>(fitting, options_.step_rows)),
                    .chunk_tokens = options_.prefill_chunk_tokens};
    const uint64_t all_sessions_bytes =
        options_.max_sessions * Sequence::BytesFor(plan_.context_tokens, config_.vocabulary_size);
    plan_.request_bytes = options_.pool_initial_bytes.value_or(std::min(all_sessions_bytes, options_.pool.max_bytes));
  }

  // As many blocks as fit the limit of keys and values; one whole context always does.
  Status PlanCache() {
    const uint32_t blocks_each = CeilDiv(plan_.context_tokens, model::kTokensPerBlock);
    const std::optional<uint32_t> blocks = CheckedMul(blocks_each, options_.max_sessions);
    if (!blocks) {
      return Status::ResourceExhausted(fmt::format("{} sessions of {} tokens are more than can be counted",
                                                   options_.max_sessions, plan_.context_tokens));
    }
    plan_.kv_blocks = *blocks;
    if (options_.kv_limit_bytes == 0) return {};
    plan_.kv_blocks = 1;
    const uint64_t block_bytes = std::max<uint64_t>(Estimate(false).BytesOf("KV cache"), 1);
    plan_.kv_blocks =
        uint32_t(std::clamp<uint64_t>(options_.kv_limit_bytes / block_bytes, std::min(blocks_each, *blocks), *blocks));
    return {};
  }

  Status PlanWeights() {
    const uint64_t limit_bytes = options_.memory_limit_bytes;
    const bool planes_asked = options_.head == HeadChoice::kCertified || options_.head == HeadChoice::kScreened;
    const backend::MemoryPlan whole = Estimate(planes_asked);
    Status fits = CheckMemoryLimit(whole, limit_bytes, kStreamingTakesLess);
    plan_.streamed =
        options_.weights == WeightPlacement::kStreamed || (options_.weights == WeightPlacement::kAuto && !fits.ok());
    plan_.head = ChooseHead();
    if (!plan_.streamed) return fits;
    STERNA_RETURN_IF_ERROR(CheckMemoryLimit(Estimate(planes_asked), limit_bytes));
    if (!fits.ok()) {
      Log(LogLevel::kWarn, "engine",
          fmt::format(
              "the model needs {:.1f} MB, over the memory limit of {:.1f} MB: its weights are streamed from the "
              "file while it runs",
              double(whole.TotalBytes()) / 1e6, double(limit_bytes) / 1e6));
    }
    return {};
  }

  backend::HeadMode ChooseHead() const {
    switch (options_.head) {
      case HeadChoice::kExact: return backend::HeadMode::kExact;
      case HeadChoice::kCertified: return backend::HeadMode::kCertified;
      case HeadChoice::kScreened: return backend::HeadMode::kScreened;
      case HeadChoice::kAuto: break;
    }
    // The scalar kernels screen more slowly than others read.
    const bool fast = kernels_.screen_nibbles != kernels::kScalarTable.screen_nibbles;
    const bool pays = fast && !plan_.streamed && HeadBytes(file_) >= kBigHeadBytes && HeadPlanesBytes(config_) > 0;
    const bool fits = pays && CheckMemoryLimit(Estimate(true), options_.memory_limit_bytes).ok();
    return fits ? backend::HeadMode::kCertified : backend::HeadMode::kExact;
  }

  backend::MemoryPlan Estimate(bool head_planes) const {
    backend::MemoryPlan plan = EstimateMemory(file_, config_,
                                              {.context_tokens = plan_.context_tokens,
                                               .kv_blocks = plan_.kv_blocks,
                                               .kv_type = options_.kv_type,
                                               .step_rows = plan_.limits.rows,
                                               .outputs = plan_.limits.outputs,
                                               .threads = threads_,
                                               .thread_scratch_bytes = kernels_.ternary_scratch.bytes,
                                               .head_planes = head_planes,
                                               .unpack = options_.unpack,
                                               .streamed = plan_.streamed});
    plan.items.push_back({std::string(kRequestBuffers), plan_.request_bytes});
    return plan;
  }

  const format::GgufFile& file_;
  const model::ModelConfig& config_;
  const EngineOptions& options_;
  const kernels::KernelTable& kernels_;
  const uint32_t threads_;
  LoadPlan plan_;
};

}  // namespace

Result<LoadPlan> PlanLoad(const format::GgufFile& file, const model::ModelConfig& config, const EngineOptions& options,
                          const kernels::KernelTable& kernels, uint32_t threads) {
  return Planner(file, config, options, kernels, threads).Plan();
}

memory::PoolConfig PlanPool(const EngineOptions& options, const LoadPlan& plan, uint32_t vocabulary_size,
                            uint64_t rest_bytes) {
  memory::PoolConfig pool = options.pool;
  pool.initial_bytes = plan.request_bytes;
  pool.commit_initial = options.pool_initial_bytes.has_value();
  if (pool.chunk_bytes == 0) pool.chunk_bytes = Sequence::BytesFor(plan.context_tokens, vocabulary_size);
  if (options.memory_limit_bytes > 0) pool.max_bytes = std::min(pool.max_bytes, pool.initial_bytes + rest_bytes);
  return pool;
}

}  // namespace sterna::engine
