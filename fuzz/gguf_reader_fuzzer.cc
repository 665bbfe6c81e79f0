// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a GGUF file: parse them, then touch everything that the reader hands out, as a model loader would. The
// unit tests replay fuzz/corpus/gguf_reader/ through the same function.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "format/gguf_file.h"
#include "quant/dequantize.h"
#include "quant/ternary.h"

namespace sterna {
namespace {

constexpr size_t kLargestTensorBytes = size_t{1} << 20;  // larger ones only cost time

volatile uint64_t sink;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckMessage(const Status& status) {
  Require(!status.message().empty() && status.message().find('\n') == std::string::npos);
}

template <class T>
void CheckTyped(const Result<T>& result) {
  if (!result.ok()) CheckMessage(result.status());
}

void TouchValues(const format::GgufFile& file) {
  for (const auto& [key, value] : file.values()) {
    Require(file.Find(key) == &value);
    CheckTyped(file.GetUnsigned(key));
    CheckTyped(file.GetSigned(key));
    CheckTyped(file.GetFloat(key));
    CheckTyped(file.GetBool(key));
    CheckTyped(file.GetFloats(key));
    CheckTyped(file.GetIntegers(key));
    if (const auto text = file.GetString(key); text.ok() && !(*text)->empty()) sink = uint64_t((*text)->back());
    if (const auto texts = file.GetStrings(key); texts.ok()) {
      for (const std::string_view text : **texts) sink = text.empty() ? 0 : uint64_t(text.back());
    }
  }
}

void TouchTernary(quant::TernarySource source) {
  using quant::I2sLayout;
  struct Order {
    I2sLayout layout;
    quant::TlTiles tiles;
  };
  for (const auto& [layout, tiles] : {Order{I2sLayout::kX86, {32, 96, 32}}, Order{I2sLayout::kNeon, {64, 16, 64}},
                                      Order{I2sLayout::kRows4, {128, 192, 32}}}) {
    source.layout = layout;
    source.tiles = tiles;
    const auto scales = quant::InspectTernary(source);
    if (!scales.ok()) CheckMessage(scales.status());
    if (scales.status().code() == StatusCode::kInvalidArgument) continue;  // the shape does not fit
    std::vector<uint8_t> codes(source.columns);
    for (const uint64_t row : {uint64_t{0}, source.rows - 1}) {
      quant::UnpackTernaryRow(source, row, codes.data());
      for (const uint8_t code : codes) Require(code <= 2);
    }
    if (!scales.ok() || scales->uniform) continue;
    std::vector<float> row_scales(source.columns / scales->group_columns);
    quant::TernaryRowScales(source, source.rows - 1, row_scales.data());
  }
}

void TouchTensor(const format::GgufFile& file, const format::GgufTensor& tensor) {
  Require(file.FindTensor(tensor.name) == &tensor);
  const auto required = file.RequireTensor(tensor.name);
  Require(required.ok() == tensor.type.has_value());
  if (!required.ok()) return CheckMessage(required.status());
  Require(!tensor.bytes.empty());
  sink = uint64_t(tensor.bytes.front()) + uint64_t(tensor.bytes.back());
  if (tensor.bytes.size() > kLargestTensorBytes) return;
  if (quant::Info(*tensor.type).ternary)
    TouchTernary({.type = *tensor.type,
                  .layout = {},
                  .rows = tensor.rows(),
                  .columns = tensor.columns(),
                  .bytes = tensor.bytes});
  if (!quant::CanDequantizeRow(*tensor.type)) return;
  std::vector<float> row(tensor.columns());
  quant::DequantizeRow(*tensor.type, tensor.bytes.data(), row.size(), row.data());
}

}  // namespace
}  // namespace sterna

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto file = sterna::format::GgufFile::Parse(bytes, "fuzz");
  if (!file.ok()) {
    sterna::CheckMessage(file.status());
    return 0;
  }
  sterna::TouchValues(*file);
  for (const auto& tensor : file->tensors()) sterna::TouchTensor(*file, tensor);
  return 0;
}
