// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backend/backend.h"
#include "format/gguf_file.h"
#include "model/loading.h"
#include "model/tl_tiles.h"
#include "quant/ternary.h"
#include "sterna/status.h"

namespace sterna::model {

// What the user may decide about a model's reading, because no file says it.
struct ModelOptions {
  enum class FfnActivation : uint8_t { kAuto, kRelu2, kSilu, kGelu };
  FfnActivation ffn_activation = FfnActivation::kAuto;
  quant::I2sLayout i2s_layout = quant::I2sLayout::kX86;
  TlTileOptions tl_tiles;
  LoadingOptions loading = {};
  std::function<void(double fraction)> on_progress;  // after each layer of weights; may be empty
};

// The shape of a model, read from its file's metadata and checked against itself; tensors are checked against it later.
struct ModelConfig {
  std::string architecture;      // general.architecture
  std::string name;              // general.name
  uint32_t vocabulary_size = 0;  // rows of the embedding
  uint32_t context_length = 0;   // tokens the model was trained for
  uint32_t layers = 0;
  uint32_t hidden = 0;  // embedding_length
  uint32_t ffn = 0;     // feed_forward_length
  uint32_t heads = 0;
  uint32_t kv_heads = 0;
  uint32_t head_dim = 0;
  uint32_t rotary_dim = 0;  // dims of a head that RoPE turns
  float rope_theta = 10000.0f;
  backend::RopeOrder rope_order = backend::RopeOrder::kHalves;
  uint32_t window = 0;                 // positions that a layer with a window attends to; 0: no layer has one
  uint32_t full_attention_every = 0;   // with windows: each so-many-th layer has none
  float window_rope_theta = 10000.0f;  // of layers with a window
  float embedding_factor = 1.0f;       // that token embeddings are multiplied by
  uint32_t pooling_type = 0;           // as the file has it: 1 mean, 2 cls, 3 last; 0: it does not say
  bool inner_norms = false;            // each linear layer norms what enters it alone
  bool dense_layers = false;           // linear layers are stored numbers, not ternary codes
  float norm_eps = 1e-5f;
  backend::Activation activation = backend::Activation::kRelu2;
  std::string activation_reason;  // why this activation: metadata, flag, architecture, known shape

  bool HasWindow(uint32_t layer) const { return window > 0 && (layer + 1) % full_attention_every != 0; }
};

// Unsupported for other architectures (lists the known ones); Corrupt for missing, ill-typed or impossible values,
// naming the key and the limit; InvalidArgument when the activation cannot be decided and needs --ffn-act.
Result<ModelConfig> ReadModelConfig(const format::GgufFile& file, const ModelOptions& options);

}  // namespace sterna::model
