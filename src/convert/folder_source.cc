// SPDX-License-Identifier: Apache-2.0
#include "convert/folder_source.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/status_macros.h"
#include "convert/folder_config.h"
#include "convert/folder_tensors.h"
#include "format/gguf_names.h"
#include "model/activation.h"
#include "quant/dequantize.h"
#include "text/folder_vocabulary.h"

namespace sterna::convert {
namespace {

using format::SafetensorsTensor;
using format::SafetensorsType;
using quant::TensorType;

constexpr uint32_t kPoolingLast = 3;  // as pooling_type has it

void ReadFloats(const SafetensorsTensor& tensor, uint64_t first, uint64_t count, float* out) {
  const TensorType type = *FloatType(tensor.type);  // MapFolderTensors refused the others
  quant::DequantizeRow(type, tensor.bytes.data() + first * quant::Info(type).block_bytes, count, out);
}

class FolderSource : public ModelSource {
 public:
  FolderSource(std::string path, format::SafetensorsFolder folder, FolderConfig config, FolderTensors found)
      : path_(std::move(path)), folder_(std::move(folder)), config_(std::move(config)), found_(std::move(found)) {}

  // A folder without a tokenizer becomes a file without one.
  Status ReadVocabulary();

  const std::string& name() const override { return path_; }
  uint64_t bytes() const override { return folder_.bytes(); }
  std::string_view architecture() const override { return config_.architecture; }
  backend::Activation activation() const override { return config_.activation; }
  std::span<const SourceTensor> tensors() const override { return found_.tensors; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  Status AddMetadata(format::GgufWriter& writer) const override;
  Result<TernaryValues> ReadTernary(const SourceTensor& tensor, Rounding& rounding) const override;
  std::optional<float> KnownScale(const SourceTensor& tensor) const override;
  Status ReadRows(const SourceTensor& tensor, uint64_t first, uint64_t count, float* out) const override;
  void AdviseDone(const SourceTensor& tensor) const override { folder_.AdviseDone(*OriginOf(tensor).values); }
  Status CheckStillWhole() const override { return folder_.CheckStillWhole(); }

 private:
  const FolderOrigin& OriginOf(const SourceTensor& tensor) const {
    return found_.origins[size_t(&tensor - found_.tensors.data())];
  }
  // Of a row of a GGUF file's tensor: the row of the folder's.
  uint64_t FolderRow(const FolderOrigin& origin, uint64_t row) const;
  Result<float> ScaleOf(const FolderOrigin& origin) const;
  Result<TernaryValues> Unpack(const SourceTensor& tensor, const FolderOrigin& origin) const;

  std::string path_;
  format::SafetensorsFolder folder_;
  FolderConfig config_;
  FolderTensors found_;
  std::optional<text::Vocabulary> vocabulary_;
  std::vector<std::string> warnings_;
};

Status FolderSource::ReadVocabulary() {
  auto vocabulary = text::ReadFolderVocabulary(path_, config_.vocabulary_size);
  if (vocabulary.status().code() == StatusCode::kNotFound) {
    warnings_.push_back("the folder has no tokenizer.json: the file has no tokenizer, and works on token ids alone");
    return {};
  }
  if (!vocabulary.ok()) return vocabulary.status();
  warnings_.insert(warnings_.end(), vocabulary->warnings.begin(), vocabulary->warnings.end());
  vocabulary_ = std::move(*vocabulary);
  return {};
}

Status FolderSource::AddMetadata(format::GgufWriter& writer) const {
  const std::string& architecture = config_.architecture;
  const auto key = [&](std::string_view suffix) { return fmt::format("{}.{}", architecture, suffix); };
  writer.AddString("general.architecture", architecture);
  const std::filesystem::path path = std::filesystem::path(path_).lexically_normal();
  writer.AddString("general.name", (path.has_filename() ? path : path.parent_path()).filename().string());
  writer.AddU32(key("vocab_size"), config_.vocabulary_size);
  writer.AddU32(key("context_length"), config_.context_length);
  writer.AddU32(key("embedding_length"), config_.hidden);
  writer.AddU32(key("block_count"), config_.layers);
  writer.AddU32(key("feed_forward_length"), config_.ffn);
  writer.AddU32(key("attention.head_count"), config_.heads);
  writer.AddU32(key("attention.head_count_kv"), config_.kv_heads);
  writer.AddU32(key("attention.key_length"), config_.head_dim);
  writer.AddU32(key("attention.value_length"), config_.head_dim);
  writer.AddU32(key("rope.dimension_count"), config_.head_dim);
  writer.AddF32(key("rope.freq_base"), config_.rope_theta);
  writer.AddF32(key("attention.layer_norm_rms_epsilon"), config_.norm_eps);
  writer.AddString(key(model::kActivationKey), model::StoredActivationName(config_.activation));
  if (config_.window > 0) {
    writer.AddU32(key("attention.sliding_window"), config_.window);
    writer.AddU32(key("attention.sliding_window_pattern"), config_.full_attention_every);
    writer.AddF32(key("rope.freq_base_swa"), config_.window_rope_theta);
  }
  // The b1.58 embedding models, which are those with norms inside, pool the last token.
  if (config_.inner_norms) writer.AddU32(key("pooling_type"), kPoolingLast);
  writer.AddU32("general.quantization_version", 2);
  if (vocabulary_) text::AddVocabulary(*vocabulary_, writer);
  return {};
}

uint64_t FolderSource::FolderRow(const FolderOrigin& origin, uint64_t row) const {
  if (!origin.pairs) return row;
  const uint64_t head = row / config_.head_dim, within = row % config_.head_dim;
  return head * config_.head_dim + within % 2 * (config_.head_dim / 2) + within / 2;
}

Result<float> FolderSource::ScaleOf(const FolderOrigin& origin) const {
  float scale;
  ReadFloats(*origin.scale, 0, 1, &scale);
  if (config_.quantization == FolderQuantization::kDivide) scale = 1.0f / scale;
  if (std::isfinite(scale)) return scale;
  return Status::Corrupt(fmt::format("{} is no scale", format::Quoted(origin.scale->name)));
}

// A byte of row p holds column k of rows p, p + n, p + 2n and p + 3n, the first in the lowest bits.
Result<TernaryValues> FolderSource::Unpack(const SourceTensor& tensor, const FolderOrigin& origin) const {
  const uint64_t rows = tensor.rows(), columns = tensor.columns(), quarter = (rows + 3) / 4;
  STERNA_ASSIGN_OR_RETURN(const float scale, ScaleOf(origin));
  TernaryValues values{rows, columns, std::vector<uint8_t>(rows * columns), {scale}, 0};
  uint8_t highest = 0;
  for (uint64_t row = 0; row < rows; ++row) {
    const uint64_t own = FolderRow(origin, row);
    const std::byte* const bytes = origin.values->bytes.data() + own % quarter * columns;
    const unsigned shift = 2 * unsigned(own / quarter);
    uint8_t* const codes = &values.codes[row * columns];
    for (uint64_t k = 0; k < columns; ++k) {
      codes[k] = uint8_t(unsigned(bytes[k]) >> shift & 3u);
      highest = std::max(highest, codes[k]);
    }
  }
  if (highest == 3) return Status::Corrupt("holds the code 3; codes are 0, 1 or 2");
  return values;
}

Result<TernaryValues> FolderSource::ReadTernary(const SourceTensor& tensor, Rounding& rounding) const {
  const FolderOrigin& origin = OriginOf(tensor);
  if (origin.values->type == SafetensorsType::kU8) return Unpack(tensor, origin);
  const uint64_t columns = tensor.columns();
  const auto read = [&](uint64_t row, float* out) {
    ReadFloats(*origin.values, FolderRow(origin, row) * columns, columns, out);
  };
  const bool masters = config_.quantization == FolderQuantization::kOnline;
  const auto kind = masters ? NumbersAre::kMasters : NumbersAre::kFinished;
  STERNA_ASSIGN_OR_RETURN(TernaryValues values, TernaryFromRows(tensor.rows(), columns, kind, read, rounding));
  if (origin.scale == nullptr) return values;
  if (values.scales != std::vector<float>{1.0f}) {
    return Status::Unsupported("has a weight_scale, and values other than -1, 0 and 1");
  }
  STERNA_ASSIGN_OR_RETURN(values.scales[0], ScaleOf(origin));
  return values;
}

std::optional<float> FolderSource::KnownScale(const SourceTensor& tensor) const {
  const FolderOrigin& origin = OriginOf(tensor);
  if (origin.scale == nullptr) return std::nullopt;
  const auto scale = ScaleOf(origin);
  return scale.ok() ? std::optional(*scale) : std::nullopt;
}

Status FolderSource::ReadRows(const SourceTensor& tensor, uint64_t first, uint64_t count, float* out) const {
  const FolderOrigin& origin = OriginOf(tensor);
  const uint64_t columns = tensor.columns();
  ReadFloats(*origin.values, first * columns, count * columns, out);
  if (!origin.plus_one) return {};
  for (uint64_t i = 0; i < count * columns; ++i) out[i] += 1.0f;
  return {};
}

}  // namespace

Result<std::unique_ptr<ModelSource>> OpenFolderSource(const std::string& path) {
  STERNA_ASSIGN_OR_RETURN(FolderConfig config, ReadFolderConfig(path));
  STERNA_ASSIGN_OR_RETURN(format::SafetensorsFolder folder, format::SafetensorsFolder::Open(path));
  STERNA_ASSIGN_OR_RETURN(FolderTensors found, MapFolderTensors(folder, config));
  auto source = std::make_unique<FolderSource>(path, std::move(folder), std::move(config), std::move(found));
  STERNA_RETURN_IF_ERROR(source->ReadVocabulary());
  return std::unique_ptr<ModelSource>(std::move(source));
}

}  // namespace sterna::convert
