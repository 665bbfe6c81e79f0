// SPDX-License-Identifier: Apache-2.0
#include "support/tiny_model.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace sterna::testing {
namespace {

constexpr uint64_t kAlignment = 32;

uint64_t Aligned(uint64_t value) { return (value + kAlignment - 1) / kAlignment * kAlignment; }

std::vector<std::byte> FloatBytes(const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

TinyModel::TinyModel(std::string architecture) : architecture_(std::move(architecture)) {
  SetString("general.architecture", architecture_);
  SetString("general.name", "tiny");
  SetU32("vocab_size", kVocabulary);
  SetU32("context_length", 256);
  SetU32("embedding_length", kHidden);
  SetU32("feed_forward_length", kFfn);
  SetU32("block_count", kLayers);
  SetU32("attention.head_count", 2);
  SetU32("attention.head_count_kv", 1);
  SetU32("rope.dimension_count", kHeadDim);
  SetF32("rope.freq_base", 10000.0f);
  SetF32("attention.layer_norm_rms_epsilon", 1e-5f);
  SetString("hidden_activation", "relu2");

  std::vector<float> embedding(size_t{kHidden} * kVocabulary);
  for (size_t i = 0; i < embedding.size(); ++i) embedding[i] = float(int(i * 7 % 23) - 11) / 16;
  tensors_.push_back({"token_embd.weight", {kHidden, kVocabulary}, kTypeF32, FloatBytes(embedding)});
  for (uint32_t layer = 0; layer < kLayers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    SetF32s(prefix + "attn_norm.weight", std::vector<float>(kHidden, 1));
    SetF32s(prefix + "attn_sub_norm.weight", std::vector<float>(kHidden, 1));
    SetF32s(prefix + "ffn_norm.weight", std::vector<float>(kHidden, 1));
    SetF32s(prefix + "ffn_sub_norm.weight", std::vector<float>(kFfn, 1));
    AddMatrix(prefix + "attn_q.weight", kHidden, kHidden);
    AddMatrix(prefix + "attn_k.weight", kHeadDim, kHidden);
    AddMatrix(prefix + "attn_v.weight", kHeadDim, kHidden);
    AddMatrix(prefix + "attn_output.weight", kHidden, kHidden);
    AddMatrix(prefix + "ffn_gate.weight", kFfn, kHidden);
    AddMatrix(prefix + "ffn_up.weight", kFfn, kHidden);
    AddMatrix(prefix + "ffn_down.weight", kHidden, kFfn);
  }
  SetF32s("output_norm.weight", std::vector<float>(kHidden, 1));
}

std::string TinyModel::Key(std::string_view key) const {
  for (const std::string_view root : {"general.", "tokenizer.", "prism."}) {
    if (key.starts_with(root)) return std::string(key);
  }
  return architecture_ + "." + std::string(key);
}

void TinyModel::Set(std::string_view key, uint32_t type, const ByteString& payload) {
  values_[Key(key)] = {type, payload};
}

void TinyModel::RemoveValue(std::string_view key) {
  if (values_.erase(Key(key)) == 0) throw std::runtime_error("no such value: " + Key(key));
}

TinyModel::Tensor& TinyModel::At(std::string_view name) {
  for (Tensor& tensor : tensors_) {
    if (tensor.name == name) return tensor;
  }
  throw std::runtime_error("no such tensor: " + std::string(name));
}

void TinyModel::RemoveTensor(std::string_view name) {
  At(name);
  std::erase_if(tensors_, [&](const Tensor& tensor) { return tensor.name == name; });
}

void TinyModel::SetF32s(const std::string& name, const std::vector<float>& values) {
  std::erase_if(tensors_, [&](const Tensor& tensor) { return tensor.name == name; });
  tensors_.push_back({name, {int64_t(values.size())}, kTypeF32, FloatBytes(values)});
}

void TinyModel::AddMatrix(const std::string& name, int64_t rows, int64_t columns) {
  tensors_.push_back({name, {columns, rows}, kTypeI2S, I2sBytes(uint64_t(rows), uint64_t(columns), 0.125f)});
}

// Four codes lie in a byte from the top bits down: a byte 0b00011001 holds 0, 1, 2, 1 for columns 32 apart.
std::vector<std::byte> TinyModel::I2sBytes(uint64_t rows, uint64_t columns, float scale) {
  std::vector<std::byte> bytes(rows * columns / 4 + 32, std::byte{0b00011001});
  std::fill(bytes.end() - 32, bytes.end(), std::byte{0});
  std::memcpy(bytes.data() + rows * columns / 4, &scale, sizeof scale);
  return bytes;
}

std::vector<std::byte> TinyModel::Build() const {
  GgufBuilder builder;
  for (const auto& [key, value] : values_) builder.Value(key, value.type, value.payload);
  uint64_t end = 0;
  std::vector<uint64_t> offsets;
  for (const Tensor& tensor : tensors_) {
    offsets.push_back(Aligned(end));
    end = offsets.back() + tensor.bytes.size();
    builder.TensorAt(tensor.name, tensor.dimensions, tensor.type_id, offsets.back());
  }
  std::vector<std::byte> image = builder.Head();
  const uint64_t data = Aligned(image.size());
  image.resize(data + end);
  for (size_t i = 0; i < tensors_.size(); ++i) {
    std::copy(tensors_[i].bytes.begin(), tensors_[i].bytes.end(), image.begin() + std::ptrdiff_t(data + offsets[i]));
  }
  return image;
}

}  // namespace sterna::testing
