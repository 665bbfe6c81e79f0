// SPDX-License-Identifier: Apache-2.0
#include "model/tensor_reader.h"

#include <fmt/format.h>

#include <cmath>

#include "base/status_macros.h"
#include "format/gguf_names.h"
#include "quant/dequantize.h"

namespace sterna::model {
namespace {

std::string ShapeText(uint64_t rows, uint64_t columns) {
  return rows == 1 ? fmt::format("[{}]", columns) : fmt::format("[{}, {}]", columns, rows);
}

std::string ShapeText(const format::GgufTensor& tensor) {
  std::string text = "[";
  for (uint32_t i = 0; i < tensor.dimension_count; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", tensor.dimensions[i]);
  }
  return text + "]";
}

}  // namespace

Status TensorReader::Wrong(std::string_view name, std::string_view what) const {
  return Status::Corrupt(fmt::format("file {}: tensor '{}' {}", format::Quoted(file_.name()), name, what));
}

Status TensorReader::Unsupported(std::string_view name, std::string_view what) const {
  return Status::Unsupported(fmt::format("file {}: tensor '{}' {}", format::Quoted(file_.name()), name, what));
}

Status TensorReader::Undecided(std::string_view name, std::string_view what) const {
  return Status::InvalidArgument(fmt::format("file {}: tensor '{}': {}", format::Quoted(file_.name()), name, what));
}

Result<const format::GgufTensor*> TensorReader::Find(const std::string& name, uint64_t rows, uint64_t columns) {
  const format::GgufTensor* tensor = file_.FindTensor(name);
  if (tensor == nullptr) return Wrong(name, fmt::format("is missing; expected shape {}", ShapeText(rows, columns)));
  used_.insert(tensor);
  const bool flat = tensor->dimensions[2] == 1 && tensor->dimensions[3] == 1;
  if (!flat || tensor->rows() != rows || tensor->columns() != columns) {
    return Wrong(name, fmt::format("has shape {}; expected {} (row length first)", ShapeText(*tensor),
                                   ShapeText(rows, columns)));
  }
  if (!tensor->type) {
    return Unsupported(name, fmt::format("is of type id {}: {}", tensor->type_id, tensor->unsupported));
  }
  return tensor;
}

Result<const format::GgufTensor*> TensorReader::Matrix(const std::string& name, uint64_t rows, uint64_t columns) {
  return Find(name, rows, columns);
}

Result<std::vector<float>> TensorReader::Vector(const std::string& name, uint64_t count) {
  STERNA_ASSIGN_OR_RETURN(const format::GgufTensor* tensor, Find(name, 1, count));
  if (!quant::IsPlainFloat(*tensor->type)) {
    return Unsupported(name, fmt::format("is of type {}; expected F32, F16 or BF16", quant::Info(*tensor->type).name));
  }
  std::vector<float> values(count);
  quant::DequantizeRow(*tensor->type, tensor->bytes.data(), values.size(), values.data());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      return Wrong(name, fmt::format("holds {} at index {}; expected finite values", values[i], i));
  }
  return values;
}

Result<float> TensorReader::Scale(const std::string& name) {
  if (!Has(name)) return 1.0f;
  STERNA_ASSIGN_OR_RETURN(const std::vector<float> values, Vector(name, 1));
  return values[0];
}

std::vector<std::string_view> TensorReader::Unused() const {
  std::vector<std::string_view> names;
  for (const format::GgufTensor& tensor : file_.tensors()) {
    if (!used_.contains(&tensor)) names.push_back(tensor.name);
  }
  return names;
}

}  // namespace sterna::model
