// SPDX-License-Identifier: Apache-2.0
#include "convert/gguf_source.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "convert/linear_names.h"
#include "format/gguf_names.h"
#include "format/gguf_split.h"
#include "model/activation.h"
#include "model/sterna_keys.h"
#include "model/tensor_reader.h"
#include "model/ternary_source.h"
#include "quant/dequantize.h"

namespace sterna::convert {
namespace {

using format::GgufTensor;
using quant::TensorType;

class GgufSource : public ModelSource {
 public:
  GgufSource(const format::GgufFile& file, const model::ModelOptions& options, model::ModelConfig config)
      : file_(file),
        options_(options),
        config_(std::move(config)),
        architecture_(*model::FindArchitecture(config_.architecture)) {
    for (const GgufTensor& tensor : file.tensors()) AddTensor(tensor);
  }

  const std::string& name() const override { return file_.name(); }
  uint64_t bytes() const override { return file_.file_bytes(); }
  std::string_view architecture() const override { return architecture_.name; }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  Status AddMetadata(format::GgufWriter& writer) const override;
  const std::vector<std::string>& warnings() const override { return warnings_; }
  Result<TernaryValues> ReadTernary(const SourceTensor& tensor, Rounding& rounding) const override;
  std::optional<float> KnownScale(const SourceTensor& tensor) const override;
  Status ReadRows(const SourceTensor& tensor, uint64_t first, uint64_t count, float* out) const override;
  void AdviseDone(const SourceTensor& tensor) const override { file_.AdviseDone(Stored(tensor)); }
  Status CheckStillWhole() const override { return file_.CheckStillWhole(); }
  backend::Activation activation() const override { return config_.activation; }

 private:
  void AddTensor(const GgufTensor& tensor);
  SourceTensor::Kind KindOf(const GgufTensor& tensor) const;
  const GgufTensor& Stored(const SourceTensor& tensor) const { return *file_.FindTensor(tensor.name); }
  Result<quant::TernarySource> SourceOf(const SourceTensor& tensor) const {
    return model::MakeTernarySource(tensor.type, tensor.rows(), tensor.columns(), tensor.stored, options_);
  }
  Result<float> Factor(const SourceTensor& tensor) const {
    return model::TensorReader(file_).Scale(ScaleNameOf(tensor.name));
  }

  const format::GgufFile& file_;
  const model::ModelOptions options_;
  model::ModelConfig config_;
  const model::Architecture& architecture_;
  std::vector<SourceTensor> tensors_;
  std::vector<std::string> warnings_;
};

SourceTensor::Kind GgufSource::KindOf(const GgufTensor& tensor) const {
  if (!LinearRole(architecture_, tensor.name).empty()) return SourceTensor::Kind::kLinear;
  if (IsLinearScale(architecture_, tensor.name)) return SourceTensor::Kind::kScale;
  if (tensor.name == kEmbeddingName) return SourceTensor::Kind::kEmbedding;
  return tensor.name == kHeadName ? SourceTensor::Kind::kHead : SourceTensor::Kind::kOther;
}

void GgufSource::AddTensor(const GgufTensor& tensor) {
  if (!tensor.type) {
    warnings_.push_back(fmt::format("tensor {} is left out: {}", format::Quoted(tensor.name), tensor.unsupported));
    return;
  }
  const auto first = tensor.dimensions.begin();
  tensors_.push_back({.name = std::string(tensor.name),
                      .dimensions = {first, first + tensor.dimension_count},
                      .kind = KindOf(tensor),
                      .type = *tensor.type,
                      .stored = tensor.bytes});
  // The other byte orders of I2_S are no format of their own: what is written has the published one.
  tensors_.back().must_remake = *tensor.type == TensorType::kI2_S && options_.i2s_layout != quant::I2sLayout::kX86;
}

Status GgufSource::AddMetadata(format::GgufWriter& writer) const {
  const std::string activation_key = fmt::format("{}.{}", architecture_.name, model::kActivationKey);
  for (const auto& [key, value] : file_.values()) {
    const bool own = key == "general.alignment" || key == "general.file_type" || key == activation_key;
    if (!own && !key.starts_with(format::kSplitKeys)) writer.AddValue(key, value);
  }
  writer.AddString(activation_key, model::StoredActivationName(config_.activation));
  return {};
}

Result<TernaryValues> GgufSource::ReadTernary(const SourceTensor& tensor, Rounding& rounding) const {
  const quant::TypeInfo& type = quant::Info(tensor.type);
  STERNA_ASSIGN_OR_RETURN(const float factor, Factor(tensor));
  if (type.ternary) {
    STERNA_ASSIGN_OR_RETURN(const quant::TernarySource source, SourceOf(tensor));
    return convert::ReadTernary(source, factor);
  }
  if (!quant::IsPlainFloat(tensor.type)) {
    return Status::Unsupported(fmt::format(
        "is of type {}, which is neither ternary nor the numbers that a ternary model was trained with", type.name));
  }
  const uint64_t columns = tensor.columns(), row_bytes = columns * type.block_bytes;
  const auto read = [&](uint64_t row, float* out) {
    quant::DequantizeRow(tensor.type, tensor.stored.data() + row * row_bytes, columns, out);
  };
  const auto kind = architecture_.dense_layers ? NumbersAre::kFinished : NumbersAre::kMasters;
  STERNA_ASSIGN_OR_RETURN(TernaryValues values, TernaryFromRows(tensor.rows(), columns, kind, read, rounding));
  for (float& scale : values.scales) scale *= factor;
  return values;
}

std::optional<float> GgufSource::KnownScale(const SourceTensor& tensor) const {
  if (!quant::Info(tensor.type).ternary) return std::nullopt;
  const auto source = SourceOf(tensor);
  if (!source.ok()) return std::nullopt;
  const auto scales = quant::InspectTernary(*source);
  const auto factor = Factor(tensor);
  if (!scales.ok() || !scales->uniform || !factor.ok()) return std::nullopt;
  return scales->scale * *factor;
}

Status GgufSource::ReadRows(const SourceTensor& tensor, uint64_t first, uint64_t count, float* out) const {
  if (!quant::CanDequantizeRow(tensor.type)) {
    return Status::Unsupported(
        fmt::format("is of type {}, which has no numbers to store in another type", quant::Info(tensor.type).name));
  }
  const uint64_t row_bytes = tensor.stored.size() / tensor.rows();
  for (uint64_t row = first; row < first + count; ++row, out += tensor.columns()) {
    quant::DequantizeRow(tensor.type, tensor.stored.data() + row * row_bytes, tensor.columns(), out);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ModelSource>> OpenGgufSource(const format::GgufFile& file, const model::ModelOptions& options) {
  if (file.Find(model::kSternaVersionKey) != nullptr) {
    return Status::InvalidArgument(fmt::format("file {} is a sterna file already; convert the file that it was made of",
                                               format::Quoted(file.name())));
  }
  STERNA_ASSIGN_OR_RETURN(model::ModelConfig config, model::ReadModelConfig(file, options));
  return std::unique_ptr<ModelSource>(new GgufSource(file, options, std::move(config)));
}

}  // namespace sterna::convert
