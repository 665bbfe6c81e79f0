// SPDX-License-Identifier: Apache-2.0
#include "dummy_folder.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/status_macros.h"
#include "dummy_vocabulary.h"
#include "dummy_weights.h"

namespace sterna::dummy_model {
namespace {

using nlohmann::json;
using quant::TensorType;

constexpr float kEmbeddingSpread = 0.1f;

struct FolderTensor {
  UniformMatrix values;  // in bfloat16
  std::vector<uint64_t> shape;
  bool ternary;
  uint64_t bytes() const { return values.rows * values.columns * 2; }
};

FolderTensor Norm(std::string name, uint64_t size) {
  return {{std::move(name), TensorType::kBF16, 1, size, 1.0f, kNormSpread}, {size}, false};
}

FolderTensor Linear(std::string name, uint64_t rows, uint64_t columns) {
  const float spread = std::sqrt(3.0f / float(columns));  // of variance 1 / columns
  return {{std::move(name), TensorType::kBF16, rows, columns, 0.0f, spread}, {rows, columns}, true};
}

void AddLayer(const ModelShape& shape, uint64_t layer, std::vector<FolderTensor>& tensors) {
  const auto name = [&](std::string_view part) { return fmt::format("model.layers.{}.{}.weight", layer, part); };
  const uint64_t hidden = shape.hidden, ffn = shape.ffn, kv = shape.kv_columns();
  tensors.push_back(Norm(name("input_layernorm"), hidden));
  tensors.push_back(Linear(name("mlp.down_proj"), hidden, ffn));
  tensors.push_back(Norm(name("mlp.ffn_sub_norm"), ffn));
  tensors.push_back(Linear(name("mlp.gate_proj"), ffn, hidden));
  tensors.push_back(Linear(name("mlp.up_proj"), ffn, hidden));
  tensors.push_back(Norm(name("post_attention_layernorm"), hidden));
  tensors.push_back(Norm(name("self_attn.attn_sub_norm"), hidden));
  tensors.push_back(Linear(name("self_attn.k_proj"), kv, hidden));
  tensors.push_back(Linear(name("self_attn.o_proj"), hidden, hidden));
  tensors.push_back(Linear(name("self_attn.q_proj"), hidden, hidden));
  tensors.push_back(Linear(name("self_attn.v_proj"), kv, hidden));
}

std::vector<FolderTensor> Tensors(const ModelShape& shape) {
  std::vector<FolderTensor> tensors;
  tensors.push_back(
      {{"model.embed_tokens.weight", TensorType::kBF16, shape.vocab, shape.hidden, 0.0f, kEmbeddingSpread},
       {shape.vocab, shape.hidden},
       false});
  for (uint64_t layer = 0; layer < shape.layers; ++layer) AddLayer(shape, layer, tensors);
  tensors.push_back(Norm("model.norm.weight", shape.hidden));
  return tensors;
}

json Config(const ModelShape& shape) {
  return {{"architectures", {"BitNetForCausalLM"}},
          {"model_type", "bitnet"},
          {"hidden_act", "relu2"},
          {"hidden_size", shape.hidden},
          {"intermediate_size", shape.ffn},
          {"max_position_embeddings", shape.context},
          {"num_attention_heads", shape.heads},
          {"num_hidden_layers", shape.layers},
          {"num_key_value_heads", shape.kv_heads},
          {"rms_norm_eps", shape.norm_epsilon},
          {"rope_theta", shape.rope_base},
          {"tie_word_embeddings", true},
          {"torch_dtype", "bfloat16"},
          {"vocab_size", shape.vocab},
          {"quantization_config",
           {{"quant_method", "bitnet"}, {"linear_class", "autobitlinear"}, {"quantization_mode", "online"}}}};
}

json Tokenizer(const ModelShape& shape) {
  constexpr int32_t kControl = 3;
  const DummyVocabulary vocabulary = MakeVocabulary(shape.vocab);
  json ids = json::object(), added = json::array();
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (vocabulary.types[id] == kControl) {
      added.push_back({{"id", id}, {"content", vocabulary.tokens[id]}, {"special", true}});
    } else {
      ids[vocabulary.tokens[id]] = id;
    }
  }
  const std::string expression =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  const json steps = {{{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", "Isolated"}},
                      {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}};
  return {{"added_tokens", added},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", steps}}},
          {"model", {{"type", "BPE"}, {"ignore_merges", true}, {"vocab", ids}, {"merges", vocabulary.merges}}}};
}

// Offsets count from the end of the header, which is padded to a multiple of 8.
std::string SafetensorsHeader(const std::vector<FolderTensor>& tensors) {
  json header = {{"__metadata__", {{"format", "pt"}}}};
  uint64_t at = 0;
  for (const FolderTensor& tensor : tensors) {
    header[tensor.values.name] = {
        {"dtype", "BF16"}, {"shape", tensor.shape}, {"data_offsets", {at, at + tensor.bytes()}}};
    at += tensor.bytes();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

Status WriteText(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (out.flush()) return {};
  return Status::Unavailable(fmt::format("cannot write '{}'", path.string()));
}

Status WriteWeights(const std::filesystem::path& path, const std::vector<FolderTensor>& tensors, uint64_t seed) {
  std::ofstream out(path, std::ios::binary);
  const std::string header = SafetensorsHeader(tensors);
  const uint64_t header_bytes = header.size();
  out.write(reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes) << header;
  for (const FolderTensor& tensor : tensors) {
    STERNA_RETURN_IF_ERROR(UniformWeights(tensor.values, seed)([&](std::span<const std::byte> bytes) {
      out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
      return out ? Status() : Status::Unavailable(fmt::format("cannot write '{}'", path.string()));
    }));
  }
  if (out.flush()) return {};
  return Status::Unavailable(fmt::format("cannot write '{}'", path.string()));
}

}  // namespace

Result<FolderSizes> WriteFolder(const ModelShape& shape, const std::string& folder) {
  STERNA_RETURN_IF_ERROR(CheckShape(shape));
  std::error_code error;
  const std::filesystem::path path(folder);
  std::filesystem::create_directories(path, error);
  if (error) return Status::Unavailable(fmt::format("cannot make the folder '{}': {}", folder, error.message()));
  const std::vector<FolderTensor> tensors = Tensors(shape);
  STERNA_RETURN_IF_ERROR(WriteText(path / "config.json", Config(shape).dump(1) + "\n"));
  STERNA_RETURN_IF_ERROR(WriteText(path / "tokenizer.json", Tokenizer(shape).dump() + "\n"));
  STERNA_RETURN_IF_ERROR(WriteWeights(path / "model.safetensors", tensors, shape.seed));
  FolderSizes sizes;
  for (const FolderTensor& tensor : tensors) {
    const uint64_t values = tensor.values.rows * tensor.values.columns;
    sizes.bytes += tensor.bytes();
    sizes.parameters += values;
    if (tensor.ternary) sizes.ternary_parameters += values;
  }
  return sizes;
}

}  // namespace sterna::dummy_model
