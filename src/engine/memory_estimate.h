// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "backend/backend.h"
#include "backend/unpack_options.h"
#include "format/gguf_file.h"
#include "model/model_config.h"
#include "sterna/status.h"

namespace sterna::engine {

// What loading a model will take, told from its metadata before any of it is taken.
struct MemoryRequest {
  uint32_t context_tokens = 0;
  uint32_t kv_blocks = 0;
  backend::KvType kv_type = backend::KvType::kF16;
  uint32_t step_rows = 0;
  uint32_t outputs = 0;
  uint32_t threads = 1;
  uint64_t thread_scratch_bytes = 0;  // what the kernels want for each
  bool head_planes = false;           // a head mode other than exact
  backend::UnpackOptions unpack = {};
  bool streamed = false;  // weights flow through the smallest window
};
backend::MemoryPlan EstimateMemory(const format::GgufFile& file, const model::ModelConfig& config,
                                   const MemoryRequest& request);

// The item of the plan for what sequences draw with.
inline constexpr std::string_view kRequestBuffers = "request buffers";

// Bytes of the head, and of its planes (0: it can have none).
uint64_t HeadBytes(const format::GgufFile& file);
uint64_t HeadPlanesBytes(const model::ModelConfig& config);

// What takes less memory, for CheckMemoryLimit.
inline constexpr std::string_view kTakesLess = "a shorter --ctx, a smaller --kv type or fewer sessions take less";
inline constexpr std::string_view kStreamingTakesLess =
    "--weights streamed, a shorter --ctx, a smaller --kv type or fewer sessions take less";

// ResourceExhausted when the plan is over `limit_bytes` (0 = no limit); names the three biggest items and `advice`.
Status CheckMemoryLimit(const backend::MemoryPlan& plan, uint64_t limit_bytes, std::string_view advice = kTakesLess);

}  // namespace sterna::engine
