// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "backend/cpu/cpu_backend.h"
#include "engine/engine.h"
#include "engine/step_batch.h"
#include "format/gguf_file.h"
#include "kernels/table.h"
#include "memory/buffer_pool.h"
#include "model/model_config.h"

namespace sterna::engine {

// How a model will be held, decided from its metadata before any memory is taken.
struct LoadPlan {
  uint32_t context_tokens = 0;
  uint32_t kv_blocks = 0;
  StepLimits limits;
  bool streamed = false;  // weights flow through a window
  backend::HeadMode head = backend::HeadMode::kExact;
  uint64_t request_bytes = 0;  // what the pool of request buffers takes at first
};

// Room for every session's context unless the options bound it. A model over the memory limit is streamed where the
// options leave the placement open, which is told in the log; ResourceExhausted when even that does not fit.
Result<LoadPlan> PlanLoad(const format::GgufFile& file, const model::ModelConfig& config, const EngineOptions& options,
                          const kernels::KernelTable& kernels, uint32_t threads);

// The pool of request buffers; it may grow by `rest_bytes`.
memory::PoolConfig PlanPool(const EngineOptions& options, const LoadPlan& plan, uint32_t vocabulary_size,
                            uint64_t rest_bytes);

}  // namespace sterna::engine
