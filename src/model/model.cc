// SPDX-License-Identifier: Apache-2.0
//
// The forward pass (docs/forward-pass.md). Shapes: R rows in the step, h = hidden, H heads and G KV heads of d
// dimensions, f = ffn, V = vocabulary. Every operation treats the R rows independently, except that Attend reads what
// StoreKv wrote.
#include "model/model.h"

#include <array>

#include "base/status_macros.h"
#include "model/model_loader.h"

namespace sterna::model {

Model::Model(ModelConfig config, const format::GgufFile& file, backend::Backend& backend)
    : config_(std::move(config)), file_(file), backend_(backend) {}

Result<std::unique_ptr<Model>> Model::Load(const format::GgufFile& file, const ModelOptions& options,
                                           backend::Backend& backend) {
  return ModelLoader(file, options, backend).Load();
}

Status Model::Forward(const backend::Batch& batch) {
  backend_.BeginStep(batch);
  backend_.Embed(embedding_, x_);  // x [R, h] = E[token], unscaled
  for (uint32_t layer = 0; layer < config_.layers; ++layer) {
    Attention(layer);
    FeedForward(layer);
  }
  backend_.Head(head_, x_, output_norm_, config_.norm_eps);  // logits [outputs, V] = E_out rms(x)
  STERNA_RETURN_IF_ERROR(backend_.EndStep());
  return file_.CheckStillWhole();
}

// x += Wo rms(attend(rope(Wq a), rope(Wk a), Wv a)), a = rms(x)
void Model::Attention(uint32_t index) {
  const Layer& layer = layers_[index];
  backend_.RmsNorm(x_, layer.attn_norm, config_.norm_eps, h_);  // [R, h]
  backend_.Quantize(h_, hidden_i8_);                            // one scale a row, shared by q, k and v
  backend_.Linear(std::array{layer.q, layer.k, layer.v}, hidden_i8_,
                  std::array{q_, k_, v_});  // q [R, H d], k and v [R, G d]
  backend_.Rope(q_, config_.heads);
  backend_.Rope(k_, config_.kv_heads);
  backend_.StoreKv(index, k_, v_);                   // at each row's position
  backend_.Attend(index, q_, config_.heads, attn_);  // [R, H d]: query head i reads KV head i / (H / G)
  backend_.RmsNorm(attn_, layer.attn_sub_norm, config_.norm_eps, attn_);
  backend_.Quantize(attn_, attn_i8_);
  backend_.Linear(std::array{layer.o}, attn_i8_, std::array{h_});  // [R, h]
  backend_.Add(x_, h_);
}

// x += Wdown rms(act(Wgate b) * Wup b), b = rms(x). The middle vector gets large before its norm: it stays float32.
void Model::FeedForward(uint32_t index) {
  const Layer& layer = layers_[index];
  backend_.RmsNorm(x_, layer.ffn_norm, config_.norm_eps, h_);                              // [R, h]
  backend_.Quantize(h_, hidden_i8_);                                                       // shared by gate and up
  backend_.GatedLinear(config_.activation, layer.gate, layer.up, hidden_i8_, gate_, up_);  // [R, f], up_ is scratch
  backend_.RmsNorm(gate_, layer.ffn_sub_norm, config_.norm_eps, gate_);
  backend_.Quantize(gate_, ffn_i8_);
  backend_.Linear(std::array{layer.down}, ffn_i8_, std::array{h_});  // [R, h]
  backend_.Add(x_, h_);
}

}  // namespace sterna::model
