// SPDX-License-Identifier: Apache-2.0
//
// GGUF images in which everything may be a lie: the tests' way to make damaged and hostile files. Shares no code with
// the writer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::testing {

// A growing run of little-endian bytes.
class ByteString {
 public:
  template <class T>
  ByteString& Put(T value) {
    const size_t before = bytes_.size();
    bytes_.resize(before + sizeof value);
    std::memcpy(&bytes_[before], &value, sizeof value);
    return *this;
  }
  ByteString& U8(uint8_t v) { return Put(v); }
  ByteString& U32(uint32_t v) { return Put(v); }
  ByteString& U64(uint64_t v) { return Put(v); }
  ByteString& I32(int32_t v) { return Put(v); }
  ByteString& F32(float v) { return Put(v); }
  ByteString& Raw(std::string_view text) {
    for (const char c : text) bytes_.push_back(std::byte(c));
    return *this;
  }
  // A GGUF string: its length, then its bytes.
  ByteString& Text(std::string_view text) { return U64(text.size()).Raw(text); }
  ByteString& Append(const std::vector<std::byte>& more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return *this;
  }
  ByteString& Zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }

  size_t size() const { return bytes_.size(); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Value type numbers of GGUF.
enum ValueTypeId : uint32_t {
  kIdU8 = 0,
  kIdI8 = 1,
  kIdU16 = 2,
  kIdI16 = 3,
  kIdU32 = 4,
  kIdI32 = 5,
  kIdF32 = 6,
  kIdBool = 7,
  kIdString = 8,
  kIdArray = 9,
  kIdU64 = 10,
  kIdI64 = 11,
  kIdF64 = 12,
};

class GgufBuilder {
 public:
  std::string magic = "GGUF";
  uint32_t version = 3;
  std::optional<uint64_t> claimed_tensors, claimed_values;  // what the header says instead of the truth
  uint64_t alignment = 32;                                  // of the data section; says nothing in the metadata

  // `payload` is everything after the value type.
  GgufBuilder& Value(std::string_view key, uint32_t type, const ByteString& payload) {
    values_.Text(key).U32(type).Append(payload.bytes());
    ++value_count_;
    return *this;
  }
  GgufBuilder& U32(std::string_view key, uint32_t v) { return Value(key, kIdU32, ByteString().U32(v)); }
  GgufBuilder& String(std::string_view key, std::string_view v) { return Value(key, kIdString, ByteString().Text(v)); }
  // A value whose whole entry, key and all, is given.
  GgufBuilder& RawValue(const ByteString& entry) {
    values_.Append(entry.bytes());
    ++value_count_;
    return *this;
  }

  // Appends a tensor of `size_bytes` zeros behind the data so far, aligned.
  GgufBuilder& Tensor(std::string_view name, const std::vector<int64_t>& dimensions, uint32_t type_id,
                      size_t size_bytes) {
    const uint64_t offset = Aligned(data_bytes_);
    data_bytes_ = offset + size_bytes;
    return TensorAt(name, dimensions, type_id, offset);
  }
  // Lists a tensor at any offset and adds no data.
  GgufBuilder& TensorAt(std::string_view name, const std::vector<int64_t>& dimensions, uint32_t type_id,
                        uint64_t offset, std::optional<uint32_t> claimed_dimensions = std::nullopt) {
    tensors_.Text(name).U32(claimed_dimensions.value_or(uint32_t(dimensions.size())));
    for (const int64_t dimension : dimensions) tensors_.Put(dimension);
    tensors_.U32(type_id).U64(offset);
    ++tensor_count_;
    return *this;
  }
  GgufBuilder& DataBytes(uint64_t count) {
    data_bytes_ = count;
    return *this;
  }

  // Header, values and tensor list, without padding.
  std::vector<std::byte> Head() const {
    ByteString head;
    head.Raw(magic).U32(version);
    head.U64(claimed_tensors.value_or(tensor_count_)).U64(claimed_values.value_or(value_count_));
    return head.Append(values_.bytes()).Append(tensors_.bytes()).bytes();
  }
  std::vector<std::byte> Build() const {
    auto image = Head();
    if (tensor_count_ > 0) image.resize(Aligned(image.size()) + data_bytes_);
    return image;
  }

 private:
  uint64_t Aligned(uint64_t value) const { return (value + alignment - 1) / alignment * alignment; }

  ByteString values_, tensors_;
  uint64_t value_count_ = 0, tensor_count_ = 0, data_bytes_ = 0;
};

}  // namespace sterna::testing
