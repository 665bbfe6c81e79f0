// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/gguf_builder.h"

namespace sterna::testing {

// A complete, small bitnet-b1.58 model file (2 layers, hidden 128, ffn 256, 2 heads over 1 KV head, 32 tokens, no
// tokenizer) of which tests change single values or tensors. All values are fixed; nothing in it is random.
class TinyModel {
 public:
  static constexpr uint32_t kHidden = 128, kFfn = 256, kHeadDim = 64, kVocabulary = 32, kLayers = 2;
  static constexpr uint32_t kTypeF32 = 0, kTypeF16 = 1, kTypeI2S = 36;

  struct Tensor {
    std::string name;
    std::vector<int64_t> dimensions;  // row length first
    uint32_t type_id;
    std::vector<std::byte> bytes;
  };

  explicit TinyModel(std::string architecture = "bitnet-b1.58");

  // Keys without a dot prefix are the architecture's ("block_count"); "general.name" and the like are taken as written.
  void SetU32(std::string_view key, uint32_t value) { Set(key, kIdU32, ByteString().U32(value)); }
  void SetF32(std::string_view key, float value) { Set(key, kIdF32, ByteString().F32(value)); }
  void SetString(std::string_view key, std::string_view value) { Set(key, kIdString, ByteString().Text(value)); }
  void Set(std::string_view key, uint32_t type, const ByteString& payload);
  void RemoveValue(std::string_view key);

  Tensor& At(std::string_view name);
  void RemoveTensor(std::string_view name);
  // Every tensor whose name begins with `prefix`.
  void RemoveTensors(std::string_view prefix) {
    std::erase_if(tensors_, [&](const Tensor& tensor) { return tensor.name.starts_with(prefix); });
  }
  void AddTensor(Tensor tensor) { tensors_.push_back(std::move(tensor)); }
  // Makes `name` a tensor of `count` floats.
  void SetF32s(const std::string& name, const std::vector<float>& values);

  std::vector<std::byte> Build() const;

  // Bytes of an I2_S matrix whose codes repeat 0, 1, 2, 1 along the columns.
  static std::vector<std::byte> I2sBytes(uint64_t rows, uint64_t columns, float scale);

 private:
  struct Value {
    uint32_t type;
    ByteString payload;
  };
  void AddMatrix(const std::string& name, int64_t rows, int64_t columns);
  std::string Key(std::string_view key) const;

  std::string architecture_;
  std::map<std::string, Value> values_;
  std::vector<Tensor> tensors_;
};

}  // namespace sterna::testing
