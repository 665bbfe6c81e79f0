// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/linear_role.h"
#include "format/gguf_file.h"
#include "model/model_config.h"
#include "model/tensor_bytes.h"

namespace sterna::model {

// A model whose weights lie in a backend. Immutable after Load; Forward may be called by one thread at a time (the step
// loop), because the backend's scratch is one.
class Model {
 public:
  // Checks every tensor's presence, type and shape against the config and hands the weights to `backend`, which may
  // read them from the model's memory or the file's: model and file must stay until it has ended. Errors name the
  // tensor and what was expected.
  static Result<std::unique_ptr<Model>> Load(const format::GgufFile& file, const ModelOptions& options,
                                             backend::Backend& backend);

  const ModelConfig& config() const { return config_; }
  // "I2_S", "F16": stored types of the ternary weights and of the head, for bench and inspect.
  const std::string& weight_type() const { return weight_type_; }
  const std::string& head_type() const { return head_type_; }
  bool tied_head() const { return tied_head_; }
  // Bytes of weights that one decoded token reads (every ternary row and the whole head), without KV.
  uint64_t BytesPerToken() const { return bytes_per_token_; }
  // Multiply-adds of one token's ternary products.
  uint64_t TernaryMacsPerToken() const { return ternary_macs_per_token_; }
  // How each matrix's bytes came from the file, in the order of loading.
  const std::vector<TensorPlacement>& placements() const { return bytes_.placements(); }
  const LoadCounters& load_counters() const { return bytes_.counters(); }
  // What the linear layers are for, by the backend's ids, which are those of this model alone; the embedding's and the
  // head's say nothing.
  struct LinearRoles {
    std::vector<backend::LinearRole> ternary, dense;
  };
  LinearRoles Roles() const;
  // Oddities that do not stop the model from running ("tensor 'x' is not part of ..."), one line each.
  const std::vector<std::string>& warnings() const { return warnings_; }

  // Activations become int8 where they enter a linear layer, at kInputsPerLayer places in each layer: by each row's
  // own scale, or by the magnitude that 127 stands for there ([layers * kInputsPerLayer], by InputOf).
  static constexpr uint32_t kInputsPerLayer = 4;
  static uint32_t InputOf(uint32_t layer, backend::LinearRole role) { return layer * kInputsPerLayer + uint32_t(role); }
  // How many there are: none where linear layers are not ternary.
  uint32_t InputCount() const { return config_.dense_layers ? 0 : config_.layers * kInputsPerLayer; }
  // "blk.3.attn_qkv"
  static std::string InputName(uint32_t input);
  // Between steps. Empty: each row's own.
  void SetInputRanges(std::vector<float> ranges) { input_ranges_ = std::move(ranges); }
  // Between steps: sees each row that becomes int8, on the thread that calls Forward. Empty: nobody looks.
  using InputObserver = std::function<void(uint32_t input, std::span<const float> row)>;
  void ObserveInputs(InputObserver observer) { observer_ = std::move(observer); }

  // Makes the rotary tables for positions below `count`. Once, before the backend's Prepare.
  Status SetPositions(uint32_t count);

  // One step: every row of the batch through all layers; logits of batch.output_rows are then in the backend. Corrupt
  // when the model's file shrank meanwhile; nothing computed by that step is to be used then. Allocates nothing.
  Status Forward(const backend::Batch& batch);
  // The output norm of a row of the last step, [hidden], where its batch said keep_hidden.
  std::span<const float> Hidden(uint32_t row) { return backend_.SlotRow(h_, row); }

 private:
  using Norm = std::optional<backend::VectorId>;  // empty where the architecture has none
  // A linear layer: `dense` of a model whose config says dense_layers, else `ternary`.
  struct Weight {
    backend::TernaryId ternary{};
    backend::DenseId dense{};
    Norm in;  // of what enters it alone
  };
  struct Layer {
    Norm attn_norm, attn_sub_norm, attn_post_norm, ffn_norm, ffn_sub_norm, ffn_post_norm, q_norm, k_norm;
    Weight q, k, v, o, gate, up, down;
  };
  Model(ModelConfig config, const format::GgufFile& file, const LoadingOptions& loading, backend::Backend& backend);
  void Attention(uint32_t index);
  void FeedForward(uint32_t index);
  void RmsNorm(backend::SlotId in, const Norm& norm, backend::SlotId out);  // nothing where there is no norm
  // Where a linear layer takes its activations from: `quantized` is what ternary layers multiply, made of `in`.
  struct Input {
    uint32_t index;  // InputOf
    backend::SlotId in;
    backend::Int8Id quantized;
  };
  void Quantize(const Input& input);
  // outs[i] = W_i in.
  template <size_t kCount>
  void Linear(const std::array<Weight, kCount>& weights, const Input& input,
              const std::array<backend::SlotId, kCount>& outs);

  ModelConfig config_;
  const format::GgufFile& file_;
  backend::Backend& backend_;
  TensorBytes bytes_;
  backend::DenseId embedding_{}, head_{};
  backend::VectorId output_norm_{};
  backend::RopeId rope_{}, window_rope_{};
  std::vector<Layer> layers_;
  std::string weight_type_, head_type_;
  bool tied_head_ = true;
  uint64_t bytes_per_token_ = 0, ternary_macs_per_token_ = 0;
  backend::SlotId x_{}, h_{}, normed_{}, q_{}, k_{}, v_{}, attn_{}, gate_{}, up_{};
  backend::Int8Id hidden_i8_{}, attn_i8_{}, ffn_i8_{};
  std::vector<float> input_ranges_;
  InputObserver observer_;
  uint32_t step_rows_ = 0;
  std::vector<std::string> warnings_;
  friend class ModelLoader;
};

}  // namespace sterna::model
