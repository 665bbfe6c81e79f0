// SPDX-License-Identifier: Apache-2.0
//
// The forward pass (docs/forward-pass.md). Shapes: R rows in the step, h = hidden, H heads and G KV heads of d
// dimensions, f = ffn, V = vocabulary. Every operation treats the R rows independently, except that Attend reads what
// StoreKv wrote. A norm that the architecture does not have is left out.
#include "model/model.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/model_loader.h"

namespace sterna::model {

using backend::LinearRole;

Model::Model(ModelConfig config, const format::GgufFile& file, const LoadingOptions& loading, backend::Backend& backend)
    : config_(std::move(config)), file_(file), backend_(backend), bytes_(file, loading) {}

Result<std::unique_ptr<Model>> Model::Load(const format::GgufFile& file, const ModelOptions& options,
                                           backend::Backend& backend) {
  return ModelLoader(file, options, backend).Load();
}

Status Model::SetPositions(uint32_t count) {
  STERNA_ASSIGN_OR_RETURN(rope_, backend_.AddRope(count, config_.head_dim, config_.rotary_dim, config_.rope_theta));
  if (config_.window == 0) return {};
  STERNA_ASSIGN_OR_RETURN(window_rope_,
                          backend_.AddRope(count, config_.head_dim, config_.rotary_dim, config_.window_rope_theta));
  return {};
}

Model::LinearRoles Model::Roles() const {
  LinearRoles roles;
  const auto set = [](std::vector<LinearRole>& list, size_t id, LinearRole role) {
    if (list.size() <= id) list.resize(id + 1);
    list[id] = role;
  };
  const auto add = [&](const Weight& weight, LinearRole role) {
    config_.dense_layers ? set(roles.dense, size_t(weight.dense), role)
                         : set(roles.ternary, size_t(weight.ternary), role);
  };
  for (const Layer& layer : layers_) {
    for (const Weight* weight : {&layer.q, &layer.k, &layer.v}) add(*weight, LinearRole::kQkv);
    add(layer.o, LinearRole::kAttentionOutput);
    for (const Weight* weight : {&layer.gate, &layer.up}) add(*weight, LinearRole::kGateUp);
    add(layer.down, LinearRole::kDown);
  }
  return roles;
}

Status Model::Forward(const backend::Batch& batch) {
  backend_.BeginStep(batch);
  step_rows_ = uint32_t(batch.tokens.size());
  backend_.Embed(embedding_, config_.embedding_factor, x_);  // x [R, h] = factor E[token]
  for (uint32_t layer = 0; layer < config_.layers; ++layer) {
    STERNA_RETURN_IF_ERROR(backend_.BeginLayer(layer));
    Attention(layer);
    FeedForward(layer);
  }
  if (batch.keep_hidden) backend_.RmsNorm(x_, output_norm_, config_.norm_eps, h_);
  backend_.Head(head_, x_, output_norm_, config_.norm_eps);  // logits [outputs, V] = E_out rms(x)
  STERNA_RETURN_IF_ERROR(backend_.EndStep());
  return file_.CheckStillWhole();
}

void Model::RmsNorm(backend::SlotId in, const Norm& norm, backend::SlotId out) {
  if (norm) backend_.RmsNorm(in, *norm, config_.norm_eps, out);
}

std::string Model::InputName(uint32_t input) {
  constexpr std::array kRoles = {"attn_qkv", "attn_output", "ffn_gate_up", "ffn_down"};
  return fmt::format("blk.{}.{}", input / kInputsPerLayer, kRoles[input % kInputsPerLayer]);
}

void Model::Quantize(const Input& input) {
  if (observer_) {
    for (uint32_t row = 0; row < step_rows_; ++row) observer_(input.index, backend_.SlotRow(input.in, row));
  }
  backend_.Quantize(input.in, input.quantized, input_ranges_.empty() ? 0 : input_ranges_[input.index]);
}

template <size_t kCount>
void Model::Linear(const std::array<Weight, kCount>& weights, const Input& input,
                   const std::array<backend::SlotId, kCount>& outs) {
  if constexpr (kCount > 1) {
    if (config_.inner_norms) {
      for (size_t i = 0; i < kCount; ++i) {
        RmsNorm(input.in, weights[i].in, normed_);
        Linear(std::array{weights[i]}, {input.index, normed_, input.quantized}, std::array{outs[i]});
      }
      return;
    }
  }
  if (config_.dense_layers) {
    std::array<backend::DenseId, kCount> dense;
    for (size_t i = 0; i < kCount; ++i) dense[i] = weights[i].dense;
    return backend_.DenseLinear(dense, input.in, outs);
  }
  std::array<backend::TernaryId, kCount> ternary;
  for (size_t i = 0; i < kCount; ++i) ternary[i] = weights[i].ternary;
  Quantize(input);  // one scale a row
  backend_.Linear(ternary, input.quantized, outs);
}

// x += post(Wo sub(attend(rope(norm(Wq a)), rope(norm(Wk a)), Wv a))), a = rms(x)
void Model::Attention(uint32_t index) {
  const Layer& layer = layers_[index];
  const bool window = config_.HasWindow(index);
  const backend::RopeId rope = window ? window_rope_ : rope_;
  RmsNorm(x_, layer.attn_norm, h_);  // [R, h]
  Linear(std::array{layer.q, layer.k, layer.v}, {InputOf(index, LinearRole::kQkv), h_, hidden_i8_},
         std::array{q_, k_, v_});  // q [R, H d], k and v [R, G d]
  RmsNorm(q_, layer.q_norm, q_);   // each head by itself
  RmsNorm(k_, layer.k_norm, k_);
  backend_.Rope(rope, config_.rope_order, q_, config_.heads);
  backend_.Rope(rope, config_.rope_order, k_, config_.kv_heads);
  backend_.StoreKv(index, k_, v_);  // at each row's position
  backend_.Attend(index, q_, config_.heads, window ? backend::Reach::kWindow : backend::Reach::kAll,
                  attn_);  // [R, H d]: query head i reads KV head i / (H / G)
  RmsNorm(attn_, layer.attn_sub_norm, attn_);
  Linear(std::array{layer.o}, {InputOf(index, LinearRole::kAttentionOutput), attn_, attn_i8_},
         std::array{h_});  // [R, h]
  RmsNorm(h_, layer.attn_post_norm, h_);
  backend_.Add(x_, h_);
}

// x += post(Wdown sub(act(Wgate b) * Wup b)), b = rms(x). The middle vector gets large before its norm: it stays
// float32.
void Model::FeedForward(uint32_t index) {
  const Layer& layer = layers_[index];
  const Input shared = {InputOf(index, LinearRole::kGateUp), h_, hidden_i8_};  // by gate and up
  RmsNorm(x_, layer.ffn_norm, h_);                                             // [R, h]
  if (config_.dense_layers || config_.inner_norms) {
    Linear(std::array{layer.gate, layer.up}, shared, std::array{gate_, up_});
    backend_.Gate(config_.activation, gate_, up_);
  } else {
    Quantize(shared);
    backend_.GatedLinear(config_.activation, layer.gate.ternary, layer.up.ternary, hidden_i8_, gate_,
                         up_);  // [R, f], up_ is scratch
  }
  RmsNorm(gate_, layer.ffn_sub_norm, gate_);
  Linear(std::array{layer.down}, {InputOf(index, LinearRole::kDown), gate_, ffn_i8_}, std::array{h_});  // [R, h]
  RmsNorm(h_, layer.ffn_post_norm, h_);
  backend_.Add(x_, h_);
}

}  // namespace sterna::model
