// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/checked_math.h"
#include "base/status_macros.h"
#include "format/gguf_layout.h"
#include "format/gguf_limits.h"
#include "format/gguf_names.h"

namespace sterna::format {
namespace {

Status CutOff(uint64_t index) {
  return Status::Corrupt(fmt::format("the file ends inside the entry of tensor {}", index));
}

Result<std::string_view> ReadName(ByteCursor& cursor, uint64_t index) {
  const auto length = cursor.Read<uint64_t>();
  if (!length) return CutOff(index);
  if (*length == 0 || *length > kMaxTensorNameBytes) {
    return Status::Corrupt(fmt::format("the name of tensor {} is {} bytes long; a name has 1 to {} bytes", index,
                                       *length, kMaxTensorNameBytes));
  }
  const auto bytes = cursor.Take(*length);
  if (!bytes) return CutOff(index);
  const std::string_view name = AsText(*bytes);
  if (!IsPlainName(name)) {
    return Status::Corrupt(
        fmt::format("the name of tensor {} holds control characters or malformed UTF-8: {}", index, Quoted(name)));
  }
  return name;
}

// Each at least 1, the product below 2^63: rows() and columns() need no further check.
Status ReadDimensions(ByteCursor& cursor, uint64_t index, GgufTensor& tensor) {
  const auto count = cursor.Read<uint32_t>();
  if (!count) return CutOff(index);
  if (*count == 0 || *count > kMaxDimensions) {
    return Status::Corrupt(
        fmt::format("tensor {} has {} dimensions; a tensor has 1 to {}", Quoted(tensor.name), *count, kMaxDimensions));
  }
  tensor.dimension_count = *count;
  std::optional<int64_t> elements = 1;
  for (uint32_t i = 0; i < *count; ++i) {
    const auto dimension = cursor.Read<int64_t>();
    if (!dimension) return CutOff(index);
    if (*dimension < 1) {
      return Status::Corrupt(
          fmt::format("dimension {} of tensor {} is {}; it must be 1 or more", i, Quoted(tensor.name), *dimension));
    }
    tensor.dimensions[i] = uint64_t(*dimension);
    elements = CheckedMul(*elements, *dimension);
    if (!elements) {
      return Status::Corrupt(fmt::format("tensor {} has 2^63 elements or more", Quoted(tensor.name)));
    }
  }
  return {};
}

Result<GgufTensor> ReadTensor(ByteCursor& cursor, uint64_t index) {
  GgufTensor tensor;
  STERNA_ASSIGN_OR_RETURN(tensor.name, ReadName(cursor, index));
  STERNA_RETURN_IF_ERROR(ReadDimensions(cursor, index, tensor));
  const auto type_id = cursor.Read<uint32_t>();
  const auto offset = cursor.Read<uint64_t>();
  if (!type_id || !offset) return CutOff(index);
  tensor.type_id = *type_id;
  tensor.offset_bytes = *offset;
  return tensor;
}

}  // namespace

Result<std::vector<GgufTensor>> ReadGgufTensors(ByteCursor& cursor, uint64_t count) {
  std::vector<GgufTensor> tensors;
  for (uint64_t i = 0; i < count; ++i) {
    STERNA_ASSIGN_OR_RETURN(GgufTensor tensor, ReadTensor(cursor, i));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Result<std::vector<size_t>> SortTensorsByName(std::span<const GgufTensor> tensors) {
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return tensors[a].name < tensors[b].name; });
  const auto twice = std::adjacent_find(order.begin(), order.end(),
                                        [&](size_t a, size_t b) { return tensors[a].name == tensors[b].name; });
  if (twice == order.end()) return order;
  return Status::Corrupt(fmt::format("tensor {} is there twice; a name may come once", Quoted(tensors[*twice].name)));
}

}  // namespace sterna::format
