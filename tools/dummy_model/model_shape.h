// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "quant/tensor_type.h"
#include "sterna/status.h"

namespace sterna::dummy_model {

// What a dummy model looks like. The defaults are the preset "tiny".
struct ModelShape {
  std::string architecture = "bitnet-b1.58";
  std::string hidden_activation;  // written as <architecture>.hidden_activation; empty: no such key, as published
  uint64_t hidden = 256;
  uint64_t ffn = 512;
  uint64_t layers = 2;
  uint64_t heads = 4;
  uint64_t kv_heads = 2;
  uint64_t vocab = 512;
  uint64_t context = 4096;
  float rope_base = 500000.0f;
  float norm_epsilon = 1e-5f;
  quant::TensorType ternary = quant::TensorType::kI2_S;
  bool iq2_bn = false;  // ternary weights as ik_llama.cpp's IQ2_BN, which Sterna itself does not read
  quant::TensorType embedding = quant::TensorType::kF16;
  uint64_t head_width = 0;      // columns that hold the energy of head and output norm, spread evenly; 0: all
  bool untied = false;          // a head of its own (output.weight) instead of the embedding
  double zero_share = 1.0 / 3;  // of the ternary weights; kept to 1/128
  // Share of feed-forward gates that are closed (not positive) when the model runs; 0: as random weights give it, which
  // is half. See ffn_sparsity.h for how.
  double ffn_sparsity = 0;
  // Greedy text goes round in circles of so many tokens: after token t comes t + 1, after the last of a circle its
  // first. 0: what random weights say. See CyclePredecessor.
  uint64_t cycle = 0;
  uint64_t seed = 1;

  uint64_t head_columns() const { return hidden / heads; }
  uint64_t kv_columns() const { return head_columns() * kv_heads; }
};

// "tiny" or "2b-4t" (the shape of microsoft/bitnet-b1.58-2B-4T). InvalidArgument for another name.
Result<ModelShape> Preset(const std::string& name);

// The shape as a program wants its files: "sterna", "bitnet.cpp", "llama.cpp" or "ik_llama.cpp" (docs/benchmarks.md).
// InvalidArgument for another name.
Status SetFormat(const std::string& name, ModelShape& shape);

// "flat", or "gemma3": head rows that stand out against each other as those of Gemma 3 270M do (tools/head_stats).
// InvalidArgument for another name.
Status SetHeadStatistics(const std::string& name, ModelShape& shape);

// The token before `token` in its circle. A model with circles has the predecessor's embedding in a token's row of the
// head, and blocks whose outputs are too small to matter beside the embedding: it costs what any model of its shape
// costs and says what is known beforehand.
uint64_t CyclePredecessor(const ModelShape& shape, uint64_t token);

// How much a block's outputs are scaled.
float BlockOutputScale(const ModelShape& shape);

// InvalidArgument when no such model can be: heads that do not divide, columns that the types cannot hold, a vocabulary
// without room for the bytes and the special tokens.
Status CheckShape(const ModelShape& shape);

}  // namespace sterna::dummy_model
