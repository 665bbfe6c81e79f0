// SPDX-License-Identifier: Apache-2.0
//
// Writer of GGUF v3: metadata and tensors in the order they are added, data padded to 32 bytes unless another alignment
// is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/gguf_limits.h"
#include "format/gguf_value.h"
#include "quant/tensor_type.h"
#include "sterna/status.h"

namespace sterna::format {

class GgufWriter {
 public:
  void AddU32(std::string_view key, uint32_t value);
  void AddU64(std::string_view key, uint64_t value);
  void AddF32(std::string_view key, float value);
  void AddBool(std::string_view key, bool value);
  void AddString(std::string_view key, std::string_view value);
  void AddStrings(std::string_view key, std::span<const std::string> values);
  void AddF32s(std::string_view key, std::span<const float> values);
  void AddI32s(std::string_view key, std::span<const int32_t> values);
  // A value out of a file, with the type it has there.
  void AddValue(std::string_view key, const GgufValue& value);
  // Tensors start at multiples of `bytes` (a power of two, 8 or more): adds the key general.alignment.
  void SetAlignment(uint32_t bytes);

  // Streams one tensor's bytes to the writer's sink, so that a large file needs no memory of its size.
  using Sink = std::function<Status(std::span<const std::byte>)>;
  // Hands over bytes that lie somewhere, a few megabytes at a time, so that a mapped file needs few pages at once.
  static Status Copy(std::span<const std::byte> bytes, const Sink& sink);
  using Producer = std::function<Status(const Sink&)>;
  // dimensions[0] is the row length. `produce` must deliver exactly size_bytes.
  void AddTensor(std::string_view name, std::vector<uint64_t> dimensions, quant::TensorType type, uint64_t size_bytes,
                 Producer produce);
  // The same for bytes that stay alive until Write.
  void AddTensor(std::string_view name, std::vector<uint64_t> dimensions, quant::TensorType type,
                 std::span<const std::byte> bytes);

  // The same for a type that only other programs read: its id as files store it.
  void AddForeignTensor(std::string_view name, std::vector<uint64_t> dimensions, uint32_t type_id, uint64_t size_bytes,
                        Producer produce);

  // Writes to `path` through a temporary file beside it and a rename, so that a failure leaves no half file.
  Status Write(const std::string& path) const;
  // The same bytes in memory, for tests.
  Result<std::vector<std::byte>> Serialize() const;

 private:
  struct Tensor {
    std::string name;
    std::vector<uint64_t> dimensions;
    uint32_t type_id;
    uint64_t size_bytes;
    Producer produce;
  };
  std::vector<std::byte> Head() const;
  Status WriteTo(const Sink& sink) const;
  std::vector<std::byte> metadata_;
  uint64_t value_count_ = 0;
  uint64_t alignment_ = kDefaultAlignment;
  std::vector<Tensor> tensors_;
};

}  // namespace sterna::format
