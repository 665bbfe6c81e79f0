// SPDX-License-Identifier: Apache-2.0
#include "engine/memory_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "backend/cpu/attention_plan.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/packed_ternary.h"
#include "model/kv_blocks.h"

namespace sterna::engine {
namespace {

constexpr uint64_t kLeastWindowLayers = 2;  // one in use, one on its way

uint64_t TernaryBytes(uint64_t rows, uint64_t columns, bool by_input = false) {
  return backend::ShapeOfPacked(rows, columns, by_input).bytes();
}

constexpr uint64_t kWeightsPerByte = 4;  // packed

uint64_t WeightBytes(const model::ModelConfig& c) {
  const uint64_t q = uint64_t{c.heads} * c.head_dim, kv = uint64_t{c.kv_heads} * c.head_dim;
  // Squared ReLU: `down` lies by input.
  const bool by_input = c.activation == backend::Activation::kRelu2;
  const uint64_t layer = TernaryBytes(q + 2 * kv, c.hidden) + TernaryBytes(c.hidden, q) +
                         2 * TernaryBytes(c.ffn, c.hidden) + TernaryBytes(c.hidden, c.ffn, by_input);
  return layer * c.layers;
}

// Matrices of the layers, read where they lie.
uint64_t DenseLayerBytes(const format::GgufFile& file) {
  uint64_t bytes = 0;
  for (const format::GgufTensor& tensor : file.tensors()) {
    if (tensor.name.starts_with("blk.") && tensor.dimension_count == 2) bytes += tensor.bytes.size();
  }
  return bytes;
}

uint64_t EmbeddingAndHeadBytes(const format::GgufFile& file) {
  uint64_t bytes = 0;
  for (const char* name : {"token_embd.weight", "output.weight"}) {
    if (const format::GgufTensor* tensor = file.FindTensor(name)) bytes += tensor->bytes.size();
  }
  return bytes;
}

uint64_t KvBytes(const model::ModelConfig& c, const MemoryRequest& request) {
  const uint64_t values = 2 * uint64_t{c.layers} * c.kv_heads * model::kTokensPerBlock * request.kv_blocks;
  switch (request.kv_type) {
    case backend::KvType::kF32: return values * c.head_dim * 4;
    case backend::KvType::kF16: return values * c.head_dim * 2;
    case backend::KvType::kQ8: return values * (c.head_dim + 4);  // and a float scale each
  }
  return 0;
}

uint64_t ScratchBytes(const model::ModelConfig& c, const MemoryRequest& request) {
  const uint64_t q = uint64_t{c.heads} * c.head_dim, kv = uint64_t{c.kv_heads} * c.head_dim;
  const uint64_t hidden_slots = c.inner_norms ? 3 : 2;
  const uint64_t floats = hidden_slots * c.hidden + 2 * q + 2 * kv + 2 * uint64_t{c.ffn};
  const uint64_t int8s = uint64_t{c.hidden} + q + c.ffn;
  backend::AttentionPlan::Limits attention = {request.step_rows, request.context_tokens, request.threads,
                                              c.kv_heads,        c.heads / c.kv_heads,   c.head_dim};
  uint64_t attention_bytes = backend::AttentionPlan::BytesFor(attention);
  attention.window = c.window;
  if (c.window > 0) attention_bytes += backend::AttentionPlan::BytesFor(attention);
  const uint64_t head_input = std::max({uint64_t{c.hidden}, q, uint64_t{c.ffn}});
  return request.threads * request.thread_scratch_bytes + request.step_rows * (floats * 4 + int8s) +
         request.outputs * (head_input + c.vocabulary_size) * 4 + attention_bytes;
}

std::string Megabytes(uint64_t bytes) { return fmt::format("{:.1f} MB", double(bytes) / 1e6); }

}  // namespace

uint64_t HeadBytes(const format::GgufFile& file) {
  const format::GgufTensor* tensor = file.FindTensor("output.weight");
  if (tensor == nullptr) tensor = file.FindTensor("token_embd.weight");
  return tensor == nullptr ? 0 : tensor->bytes.size();
}

uint64_t HeadPlanesBytes(const model::ModelConfig& config) {
  return backend::HeadPlanesBytes(config.vocabulary_size, config.hidden);
}

backend::MemoryPlan EstimateMemory(const format::GgufFile& file, const model::ModelConfig& config,
                                   const MemoryRequest& request) {
  backend::MemoryPlan plan;
  const uint64_t layers_bytes = config.dense_layers ? DenseLayerBytes(file) : WeightBytes(config);
  if (request.streamed) {
    plan.items.push_back({"window of streamed weights", kLeastWindowLayers * layers_bytes / config.layers});
    plan.items.push_back({"embedding and head", request.head_planes ? HeadBytes(file) : 0});
  } else {
    const bool held_unpacked = request.unpack.hold && !config.dense_layers;
    plan.items.push_back({config.dense_layers ? "dense layers" : "ternary weights",
                          held_unpacked ? kWeightsPerByte * layers_bytes : layers_bytes});
    if (request.unpack.cache && !held_unpacked && !config.dense_layers) {
      plan.items.push_back({"unpacked weights", std::min(request.unpack.cache_bytes, kWeightsPerByte * layers_bytes)});
    }
    plan.items.push_back({"embedding and head", EmbeddingAndHeadBytes(file)});
  }
  plan.items.push_back({"head planes", request.head_planes ? HeadPlanesBytes(config) : 0});
  plan.items.push_back({"KV cache", KvBytes(config, request)});
  const uint64_t ropes = config.window > 0 ? 2 : 1;
  plan.items.push_back({"rotary table", ropes * request.context_tokens * config.rotary_dim * 4});
  plan.items.push_back({"scratch", ScratchBytes(config, request)});
  return plan;
}

Status CheckMemoryLimit(const backend::MemoryPlan& plan, uint64_t limit_bytes, std::string_view advice) {
  const uint64_t total = plan.TotalBytes();
  if (limit_bytes == 0 || total <= limit_bytes) return {};
  return Status::ResourceExhausted(fmt::format("the model needs {}, over the memory limit of {} (biggest: {}); {}",
                                               Megabytes(total), Megabytes(limit_bytes), plan.Biggest(3), advice));
}

}  // namespace sterna::engine
