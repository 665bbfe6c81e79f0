// SPDX-License-Identifier: Apache-2.0
#include "convert/sterna_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "backend/cpu/packed_weights.h"
#include "base/hash.h"
#include "base/status_macros.h"
#include "convert/linear_names.h"
#include "format/checksums.h"
#include "format/gguf_names.h"
#include "format/gguf_split.h"
#include "format/gguf_writer.h"
#include "model/architecture.h"
#include "model/sterna_keys.h"
#include "model/tensor_reader.h"
#include "model/ternary_source.h"
#include "platform/thread_pool.h"
#include "text/tokenizer.h"

namespace sterna::convert {
namespace {

using format::GgufTensor;
using format::GgufWriter;

constexpr uint32_t kAlignmentBytes = 64;  // what kernels ask of weights

// A linear layer whose codes are made when they are written.
struct Linear {
  const GgufTensor* tensor;
  float scale_factor;
  bool by_input;
};

class Converter {
 public:
  Converter(const format::GgufFile& file, const ConvertOptions& options, platform::ThreadPool& pool)
      : file_(file), options_(options), pool_(pool), tensors_(file) {}

  Result<ConvertReport> Run(const std::string& output);

 private:
  Status CopyMetadata();
  Status AddVocabulary();
  Status AddTensors();
  Status AddLinear(const GgufTensor& tensor);
  void AddScales(const Linear& linear, const std::string& stem, uint64_t group_columns);
  void AddCopy(const GgufTensor& tensor);
  void AddChecked(std::string_view name, std::vector<uint64_t> dimensions, quant::TensorType type, uint64_t size_bytes,
                  GgufWriter::Producer produce);
  void AddFloats(const std::string& name, std::vector<float> values);
  void AddChecksums();
  Result<bool> DownByInput() const;
  Result<quant::TernarySource> SourceOf(const GgufTensor& tensor) const;
  Result<quant::TernaryScales> ScalesOf(const GgufTensor& tensor) const;
  Result<backend::TernaryMatrix> Repack(const Linear& linear, backend::WeightArena& arena) const;

  const format::GgufFile& file_;
  const ConvertOptions& options_;
  platform::ThreadPool& pool_;
  model::TensorReader tensors_;
  model::ModelConfig config_;
  const model::Architecture* architecture_ = nullptr;
  std::unique_ptr<const text::Tokenizer> tokenizer_;
  bool down_by_input_ = false;
  bool new_scales_ = false;  // that readers of version 1 do not know
  GgufWriter writer_;
  ConvertReport report_;
  std::vector<uint64_t> checksums_;  // of the tensors written so far
  uint64_t total_bytes_ = 0, done_bytes_ = 0;
};

Result<ConvertReport> Converter::Run(const std::string& output) {
  STERNA_ASSIGN_OR_RETURN(config_, model::ReadModelConfig(file_, options_.model));
  architecture_ = model::FindArchitecture(config_.architecture);
  STERNA_RETURN_IF_ERROR(CopyMetadata());
  STERNA_RETURN_IF_ERROR(AddTensors());
  writer_.AddU64(model::kSternaVersionKey, new_scales_ ? model::kSternaVersion : model::kFirstSternaVersion);
  STERNA_RETURN_IF_ERROR(AddVocabulary());
  AddChecksums();
  STERNA_RETURN_IF_ERROR(writer_.Write(output));
  report_.source_bytes = file_.file_bytes();
  return std::move(report_);
}

Status Converter::CopyMetadata() {
  if (file_.Find(model::kSternaVersionKey) != nullptr) {
    return Status::InvalidArgument(fmt::format("file {} is a sterna file already", format::Quoted(file_.name())));
  }
  for (const auto& [key, value] : file_.values()) {
    if (key != "general.alignment" && !key.starts_with(format::kSplitKeys)) writer_.AddValue(key, value);
  }
  writer_.SetAlignment(kAlignmentBytes);
  return {};
}

// A file without a tokenizer, or with one that Sterna cannot build yet, converts all the same.
Status Converter::AddVocabulary() {
  auto vocabulary = text::ReadVocabulary(file_);
  auto tokenizer = vocabulary.ok() ? text::Tokenizer::Create(std::move(*vocabulary)) : vocabulary.status();
  if (!tokenizer.ok()) {
    report_.warnings.push_back("no tokenizer tables are stored: " + tokenizer.status().message());
    return file_.CheckStillWhole();
  }
  tokenizer_ = std::move(*tokenizer);
  const std::optional<text::StoredTables> tables = tokenizer_->Tables();
  if (!tables) return {};
  writer_.AddU64(text::kVocabularyHashKey, text::HashVocabulary(file_));
  for (const text::NamedTable& table : text::NamedTables(*tables)) {
    AddChecked(table.name, {table.bytes.size()}, quant::TensorType::kI8, table.bytes.size(),
               [bytes = table.bytes](const GgufWriter::Sink& sink) { return sink(bytes); });
  }
  return {};
}

// True when every `down` of a model with squared ReLU can be stored by input: one layout holds for all layers.
Result<bool> Converter::DownByInput() const {
  if (config_.activation != backend::Activation::kRelu2) return false;
  for (const GgufTensor& tensor : file_.tensors()) {
    if (LinearRole(*architecture_, tensor.name) != architecture_->layer.down || !IsTernary(tensor)) continue;
    STERNA_ASSIGN_OR_RETURN(const quant::TernaryScales scales, ScalesOf(tensor));
    if (!scales.uniform) return false;
  }
  return true;
}

Result<quant::TernarySource> Converter::SourceOf(const GgufTensor& tensor) const {
  Result<quant::TernarySource> source = model::MakeTernarySource(tensor, options_.model);
  if (!source.ok()) return tensors_.Undecided(tensor.name, source.status().message());
  return source;
}

Result<quant::TernaryScales> Converter::ScalesOf(const GgufTensor& tensor) const {
  STERNA_ASSIGN_OR_RETURN(const quant::TernarySource source, SourceOf(tensor));
  Result<quant::TernaryScales> scales = quant::InspectTernary(source);
  if (!scales.ok()) return tensors_.Wrong(tensor.name, scales.status().message());
  return scales;
}

Status Converter::AddTensors() {
  STERNA_ASSIGN_OR_RETURN(down_by_input_, DownByInput());
  writer_.AddBool(model::kDownByInputKey, down_by_input_);
  for (const GgufTensor& tensor : file_.tensors()) {
    if (IsLinearScale(*architecture_, tensor.name)) continue;  // folded
    if (!tensor.type) {
      report_.warnings.push_back(
          fmt::format("tensor {} is left out: {}", format::Quoted(tensor.name), tensor.unsupported));
    } else if (config_.dense_layers || LinearRole(*architecture_, tensor.name).empty()) {
      AddCopy(tensor);
    } else {
      STERNA_RETURN_IF_ERROR(AddLinear(tensor));
    }
  }
  return {};
}

Status Converter::AddLinear(const GgufTensor& tensor) {
  if (!IsTernary(tensor)) {
    return tensors_.Unsupported(tensor.name, fmt::format("is of type {}; linear layers must be ternary ({})",
                                                         quant::Info(*tensor.type).name, quant::TernaryTypeNames()));
  }
  const std::string stem(Stem(tensor.name, kWeightEnding));
  STERNA_ASSIGN_OR_RETURN(const float factor, tensors_.Scale(ScaleNameOf(tensor.name)));
  const Linear linear{&tensor, factor,
                      down_by_input_ && LinearRole(*architecture_, tensor.name) == architecture_->layer.down};
  STERNA_ASSIGN_OR_RETURN(const quant::TernaryScales scales, ScalesOf(tensor));
  if (scales.uniform) {
    STERNA_ASSIGN_OR_RETURN(const float scale, backend::MatrixScale(scales, factor));
    AddFloats(ScaleNameOf(tensor.name), {scale});
  } else {
    // Their values need the matrix: they are written as it is repacked a second time.
    AddScales(linear, stem, scales.group_columns);
  }
  const bool grouped = !scales.uniform && scales.group_columns < tensor.columns();
  const backend::PackedShape shape = backend::ShapeOfPacked(tensor.rows(), tensor.columns(), linear.by_input,
                                                            grouped ? uint32_t(scales.group_columns) : 256);
  AddChecked(tensor.name, {shape.run_bytes, shape.runs}, quant::TensorType::kI8, shape.bytes(),
             [this, linear](const GgufWriter::Sink& sink) -> Status {
               backend::WeightArena arena;
               STERNA_ASSIGN_OR_RETURN(const backend::TernaryMatrix matrix, Repack(linear, arena));
               return sink(backend::AsPacked(matrix).codes);
             });
  ++report_.ternary_tensors;
  return {};
}

void Converter::AddScales(const Linear& linear, const std::string& stem, uint64_t group_columns) {
  const uint64_t count = linear.tensor->rows() * (linear.tensor->columns() / group_columns);
  const bool by_row = group_columns == linear.tensor->columns();
  new_scales_ |= by_row || group_columns < 256;
  AddChecked(fmt::format("{}.{}", stem, by_row ? model::kRowScalesEnding : model::kGroupScalesEnding), {count},
             quant::TensorType::kF32, count * sizeof(float),
             [this, linear, by_row](const GgufWriter::Sink& sink) -> Status {
               backend::WeightArena arena;
               STERNA_ASSIGN_OR_RETURN(const backend::TernaryMatrix matrix, Repack(linear, arena));
               const backend::PackedTernary packed = backend::AsPacked(matrix);
               return sink(std::as_bytes(by_row ? packed.row_scales : packed.group_scales));
             });
}

Result<backend::TernaryMatrix> Converter::Repack(const Linear& linear, backend::WeightArena& arena) const {
  const auto repack = linear.by_input ? backend::RepackTernaryByInput : backend::RepackTernary;
  STERNA_ASSIGN_OR_RETURN(const quant::TernarySource source, SourceOf(*linear.tensor));
  Result<backend::TernaryMatrix> matrix = repack(source, linear.scale_factor, arena, pool_);
  if (!matrix.ok()) return tensors_.Wrong(linear.tensor->name, matrix.status().message());
  return matrix;
}

void Converter::AddCopy(const GgufTensor& tensor) {
  const auto first = tensor.dimensions.begin();
  AddChecked(tensor.name, {first, first + tensor.dimension_count}, *tensor.type, tensor.bytes.size(),
             [bytes = tensor.bytes](const GgufWriter::Sink& sink) { return GgufWriter::Copy(bytes, sink); });
}

void Converter::AddFloats(const std::string& name, std::vector<float> values) {
  const uint64_t count = values.size(), size_bytes = count * sizeof(float);
  AddChecked(
      name, {count}, quant::TensorType::kF32, size_bytes,
      [values = std::move(values)](const GgufWriter::Sink& sink) { return sink(std::as_bytes(std::span(values))); });
}

void Converter::AddChecked(std::string_view name, std::vector<uint64_t> dimensions, quant::TensorType type,
                           uint64_t size_bytes, GgufWriter::Producer produce) {
  total_bytes_ += size_bytes;
  ++report_.tensors;
  auto checked = [this, produce = std::move(produce)](const GgufWriter::Sink& sink) -> Status {
    Hasher64 hasher;
    const GgufWriter::Sink watched = [&](std::span<const std::byte> bytes) -> Status {
      hasher.Add(bytes);
      done_bytes_ += bytes.size();
      if (options_.on_progress) options_.on_progress(done_bytes_, total_bytes_);
      STERNA_RETURN_IF_ERROR(CheckGoOn(options_));
      return sink(bytes);
    };
    STERNA_RETURN_IF_ERROR(produce(watched));
    checksums_.push_back(hasher.Value());
    return file_.CheckStillWhole();  // what was read from a file that shrank is zeros
  };
  writer_.AddTensor(name, std::move(dimensions), type, size_bytes, std::move(checked));
}

// Last, so that the sums of all others are there when it is written.
void Converter::AddChecksums() {
  writer_.AddTensor(format::kChecksumsTensor, {report_.tensors}, quant::TensorType::kI64,
                    report_.tensors * sizeof(uint64_t),
                    [this](const GgufWriter::Sink& sink) { return sink(std::as_bytes(std::span(checksums_))); });
}

}  // namespace

Result<ConvertReport> ConvertToSterna(const std::string& input, const std::string& output,
                                      const ConvertOptions& options) {
  try {
    STERNA_ASSIGN_OR_RETURN(const format::GgufFile file, format::GgufFile::Open(input));
    STERNA_ASSIGN_OR_RETURN(const auto pool, platform::ThreadPool::Create(options.threads));
    return Converter(file, options, *pool).Run(output);
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted(fmt::format("out of memory while converting {}", format::Quoted(input)));
  }
}

}  // namespace sterna::convert
