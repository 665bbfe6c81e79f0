// SPDX-License-Identifier: Apache-2.0
//
// What sets one architecture apart from the next, as data. The forward pass and the loader read these descriptions;
// adding an architecture of this family is one more description (docs/forward-pass.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"

namespace sterna::model {

struct ModelConfig;

// An activation and the sentence that says why it was chosen.
struct ActivationChoice {
  backend::Activation kind = backend::Activation::kRelu2;
  std::string reason;
};

// Names of a layer's tensors, between "blk.N." and ".weight" (or ".scale"); empty where the architecture has none.
struct LayerTensorNames {
  std::string_view attn_norm = "attn_norm", ffn_norm = "ffn_norm";             // of what enters
  std::string_view attn_sub_norm = {}, ffn_sub_norm = {};                      // of what enters `o` and `down`
  std::string_view attn_post_norm = {}, ffn_post_norm = {};                    // of what leaves, before it is added
  std::string_view q_norm = {}, k_norm = {};                                   // of each head, before it is turned
  std::string_view q_in = {}, k_in = {}, v_in = {}, gate_in = {}, up_in = {};  // of what enters that layer alone
  std::string_view q = "attn_q", k = "attn_k", v = "attn_v", o = "attn_output";
  std::string_view gate = "ffn_gate", up = "ffn_up", down = "ffn_down";
};

// The same with norms of heads, and with those that files of embedding models have inside their linear layers.
constexpr LayerTensorNames WithHeadAndInnerNorms(LayerTensorNames names) {
  names.q_norm = "attn_q_norm";
  names.k_norm = "attn_k_norm";
  names.q_in = "attn_q_norm_in";
  names.k_in = "attn_k_norm_in";
  names.v_in = "attn_v_norm_in";
  names.attn_sub_norm = "attn_output_norm_in";
  names.gate_in = "ffn_gate_norm_in";
  names.up_in = "ffn_up_norm_in";
  names.ffn_sub_norm = "ffn_down_norm_in";
  return names;
}

// Layers that attend to the last positions only, where the file has <architecture>.attention.sliding_window.
struct SlidingWindow {
  uint32_t full_every = 0;  // each so-many-th layer attends to everything; 0: the architecture has no windows
  float theta = 10000.0f;   // rotary base of the layers that do not
};

struct Architecture {
  std::string_view name;  // general.architecture; also the prefix of its metadata keys
  LayerTensorNames layer = {};
  // The activation when neither a flag nor the file names one; nullopt when the shape does not tell either.
  std::optional<ActivationChoice> (*infer_activation)(const ModelConfig& config, std::string_view tokenizer_model);
  bool dense_layers = false;          // its linear layers may be stored numbers instead of ternary codes
  bool optional_inner_norms = false;  // attn_sub_norm, ffn_sub_norm and the ..._in are in some files only: all or none
  bool scales_embedding = false;      // by the square root of the hidden size
  backend::RopeOrder rope_order = backend::RopeOrder::kHalves;
  std::string_view rope_factors = {};  // tensor of scaled rotary frequencies, which do not run yet
  SlidingWindow window = {};
};

// Every known architecture.
const std::vector<const Architecture*>& Architectures();

// nullptr when unknown.
const Architecture* FindArchitecture(std::string_view name);

}  // namespace sterna::model
