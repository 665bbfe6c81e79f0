// SPDX-License-Identifier: Apache-2.0
//
// config.json of a Hugging Face folder: the shape of the model and how its linear layers are stored (transformers'
// configuration classes BitNet, Llama, Qwen3, Gemma3 and the BitNetQuantConfig).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "backend/backend.h"
#include "sterna/status.h"

namespace sterna::convert {

// What the values of linear layers are.
enum class FolderQuantization : uint8_t {
  kNone,      // nothing is said: numbers
  kDivide,    // BitLinear: packed codes, divided by weight_scale
  kMultiply,  // AutoBitLinear, offline: packed codes, multiplied by weight_scale
  kOnline,    // AutoBitLinear, online: numbers that the model makes ternary on every call
};

struct FolderConfig {
  std::string architecture;  // as GGUF names it
  FolderQuantization quantization = FolderQuantization::kNone;
  bool inner_norms = false;  // each linear layer norms what enters it
  bool tied_head = false;    // lm_head, where there is one, repeats the embedding
  uint32_t vocabulary_size = 0, context_length = 0;
  uint32_t layers = 0, hidden = 0, ffn = 0, heads = 0, kv_heads = 0, head_dim = 0;
  float norm_eps = 0, rope_theta = 0;
  uint32_t window = 0, full_attention_every = 0;  // 0: no layer has a window
  float window_rope_theta = 0;
  backend::Activation activation = backend::Activation::kSilu;
};

// NotFound when the folder has no config.json; Corrupt for values that are missing or impossible, Unsupported for what
// Sterna does not run (another class, scaled rotary frequencies, biases); all name the file and the key.
Result<FolderConfig> ReadFolderConfig(const std::string& folder);

// The same for what a config.json holds; `place` stands for the file in messages.
Result<FolderConfig> ParseFolderConfig(const nlohmann::json& json, const std::string& place);

}  // namespace sterna::convert
