// SPDX-License-Identifier: Apache-2.0
#include "convert/gguf_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/half.h"
#include "base/status_macros.h"
#include "convert/linear_names.h"
#include "format/gguf_names.h"
#include "quant/quantize.h"

namespace sterna::convert {
namespace {

using format::GgufWriter;
using quant::TensorType;
using Kind = SourceTensor::Kind;

constexpr uint64_t kFloatsAtOnce = uint64_t{1} << 18;
constexpr float kLargestF16 = 65504;

// general.file_type as llama.cpp, bitnet.cpp and ik_llama.cpp number the types; readers go by the tensors.
uint32_t FileType(TensorType type) {
  switch (type) {
    case TensorType::kTQ1_0: return 36;
    case TensorType::kTQ2_0: return 37;
    case TensorType::kIQ1_BN: return 136;
    case TensorType::kIQ2_BN: return 137;
    case TensorType::kIQ2_BN_R4: return 337;
    case TensorType::kQ2_0:
    case TensorType::kQ2_0_G128: return 41;
    case TensorType::kPQ2_0: return 141;
    case TensorType::kPTQ1_0: return 143;
    default: return 40;
  }
}

// Whether programs know a factor beside each linear layer of the architecture, which keeps a scale that the codes' type
// would round.
bool HasScaleTensors(std::string_view architecture) { return architecture.starts_with("bitnet"); }

bool IsExactF16(float value) { return F16ToF32(F32ToF16(value)) == value; }

class Exporter {
 public:
  Exporter(const ModelSource& source, const ConvertOptions& options)
      : source_(source), options_(options), linear_(options.linear) {}

  Result<ConvertReport> Run(const std::string& output);

 private:
  Status AddTensors();
  Status AddTensor(const SourceTensor& tensor);
  Status AddLinear(const SourceTensor& tensor);
  Status AddNumbers(std::string_view name, const SourceTensor& tensor, TensorType type);
  void AddCopy(const SourceTensor& tensor);
  void Add(std::string_view name, std::vector<uint64_t> dimensions, TensorType type, uint64_t size_bytes,
           GgufWriter::Producer produce);
  bool IsRemade(const SourceTensor& linear) const { return linear_ && (linear.type != *linear_ || linear.must_remake); }
  Result<std::vector<std::byte>> StoreLinear(const SourceTensor& tensor, float* factor_apart);
  Status WriteNumbers(const SourceTensor& tensor, TensorType type, const GgufWriter::Sink& sink) const;
  Status Refused(std::string_view name, const Status& status) const;
  void AddWarnings();

  const ModelSource& source_;
  const ConvertOptions& options_;
  std::optional<TensorType> linear_;  // empty: as they are
  GgufWriter writer_;
  ConvertReport report_;
  Rounding rounding_;
  float scale_rounding_ = 0;
  uint64_t total_bytes_ = 0, done_bytes_ = 0;
};

Result<ConvertReport> Exporter::Run(const std::string& output) {
  STERNA_RETURN_IF_ERROR(source_.AddMetadata(writer_));
  if (linear_) writer_.AddU32("general.file_type", FileType(*linear_));
  STERNA_RETURN_IF_ERROR(AddTensors());
  STERNA_RETURN_IF_ERROR(writer_.Write(output));
  report_.source_bytes = source_.bytes();
  AddWarnings();
  return std::move(report_);
}

Status Exporter::AddTensors() {
  const auto tensors = source_.tensors();
  for (const SourceTensor& tensor : tensors) STERNA_RETURN_IF_ERROR(AddTensor(tensor));
  const auto is = [](Kind kind) { return [kind](const SourceTensor& tensor) { return tensor.kind == kind; }; };
  const auto embedding = std::find_if(tensors.begin(), tensors.end(), is(Kind::kEmbedding));
  const bool tied = std::none_of(tensors.begin(), tensors.end(), is(Kind::kHead));
  if (!options_.head || !tied || embedding == tensors.end()) return {};
  return AddNumbers(kHeadName, *embedding, *options_.head);
}

Status Exporter::AddTensor(const SourceTensor& tensor) {
  switch (tensor.kind) {
    case Kind::kLinear:
      if (IsRemade(tensor)) return AddLinear(tensor);
      ++report_.ternary_tensors;
      break;
    case Kind::kScale: {
      const std::string linear = WeightNameOf(tensor.name);
      const auto tensors = source_.tensors();
      const bool remade = std::any_of(tensors.begin(), tensors.end(), [&](const SourceTensor& other) {
        return other.name == linear && IsRemade(other);
      });
      if (remade) return {};
      break;
    }
    case Kind::kEmbedding: return AddNumbers(tensor.name, tensor, options_.embedding.value_or(tensor.type));
    case Kind::kHead: return AddNumbers(tensor.name, tensor, options_.head.value_or(tensor.type));
    case Kind::kOther: return AddNumbers(tensor.name, tensor, tensor.type);
  }
  AddCopy(tensor);
  return {};
}

Status Exporter::AddLinear(const SourceTensor& tensor) {
  const TensorType type = *linear_;
  const auto bytes = quant::TensorBytes(type, tensor.rows(), tensor.columns());
  if (!bytes.ok()) return Refused(tensor.name, bytes.status());
  ++report_.ternary_tensors;
  // Files whose scales float16 holds stay without a factor, as they came.
  const bool rounds = quant::StoresF16Scales(type);
  const std::optional<float> known = rounds ? source_.KnownScale(tensor) : std::nullopt;
  const bool apart = rounds && HasScaleTensors(source_.architecture()) && !(known && IsExactF16(*known));
  const auto factor = apart ? std::make_shared<float>(1.0f) : nullptr;
  Add(tensor.name, tensor.dimensions, type, *bytes, [this, &tensor, factor](const GgufWriter::Sink& sink) -> Status {
    STERNA_ASSIGN_OR_RETURN(const std::vector<std::byte> stored, StoreLinear(tensor, factor.get()));
    source_.AdviseDone(tensor);
    return sink(stored);
  });
  if (factor == nullptr) return {};
  // Written after the codes, which tell it.
  Add(ScaleNameOf(tensor.name), {1}, TensorType::kF32, sizeof(float),
      [factor](const GgufWriter::Sink& sink) { return sink(std::as_bytes(std::span(factor.get(), 1))); });
  return {};
}

// With a place for it, the one scale goes there and the codes' own is 1.
Result<std::vector<std::byte>> Exporter::StoreLinear(const SourceTensor& tensor, float* factor_apart) {
  auto values = source_.ReadTernary(tensor, rounding_);
  if (!values.ok()) return Refused(tensor.name, values.status());
  if (factor_apart != nullptr && values->group_columns == 0) *factor_apart = std::exchange(values->scales[0], 1.0f);
  auto stored = quant::StoreTernary(*linear_, quant::I2sLayout::kX86, values->View());
  if (!stored.ok()) return Refused(tensor.name, stored.status());
  scale_rounding_ = std::max(scale_rounding_, stored->scale_rounding);
  return std::move(stored->bytes);
}

Status Exporter::AddNumbers(std::string_view name, const SourceTensor& tensor, TensorType type) {
  if (type == tensor.type && !tensor.stored.empty() && name == tensor.name) {
    AddCopy(tensor);
    return {};
  }
  const auto bytes = quant::TensorBytes(type, tensor.rows(), tensor.columns());
  if (!bytes.ok()) return Refused(name, bytes.status());
  Add(name, tensor.dimensions, type, *bytes, [this, &tensor, type](const GgufWriter::Sink& sink) {
    Status status = WriteNumbers(tensor, type, sink);
    source_.AdviseDone(tensor);
    return status;
  });
  return {};
}

Status Exporter::WriteNumbers(const SourceTensor& tensor, TensorType type, const GgufWriter::Sink& sink) const {
  const uint64_t columns = tensor.columns(), rows_at_once = std::max<uint64_t>(1, kFloatsAtOnce / columns);
  const quant::TypeInfo& info = quant::Info(type);
  std::vector<float> numbers;
  std::vector<std::byte> stored;
  for (uint64_t row = 0; row < tensor.rows(); row += rows_at_once) {
    const uint64_t count = std::min(rows_at_once, tensor.rows() - row) * columns;
    numbers.resize(count);
    if (Status read = source_.ReadRows(tensor, row, count / columns, numbers.data()); !read.ok()) {
      return Refused(tensor.name, read);
    }
    const float limit = type == TensorType::kF16 ? kLargestF16 : std::numeric_limits<float>::max();
    const auto bad = std::find_if(numbers.begin(), numbers.end(), [&](float x) { return !(std::fabs(x) <= limit); });
    if (bad != numbers.end()) {
      const std::string what = fmt::format("has the value {} in row {}, which {} cannot hold", *bad,
                                           row + uint64_t(bad - numbers.begin()) / columns, info.name);
      return Refused(tensor.name, Status::InvalidArgument(what));
    }
    stored.resize(count / info.block_elements * info.block_bytes);
    quant::QuantizeRow(type, numbers.data(), count, stored.data());
    STERNA_RETURN_IF_ERROR(sink(stored));
  }
  return {};
}

void Exporter::AddCopy(const SourceTensor& tensor) {
  Add(tensor.name, tensor.dimensions, tensor.type, tensor.stored.size(),
      [this, &tensor](const GgufWriter::Sink& sink) -> Status {
        STERNA_RETURN_IF_ERROR(GgufWriter::Copy(tensor.stored, sink));
        source_.AdviseDone(tensor);
        return {};
      });
}

void Exporter::Add(std::string_view name, std::vector<uint64_t> dimensions, TensorType type, uint64_t size_bytes,
                   GgufWriter::Producer produce) {
  total_bytes_ += size_bytes;
  ++report_.tensors;
  auto counted = [this, produce = std::move(produce)](const GgufWriter::Sink& sink) -> Status {
    const GgufWriter::Sink watched = [&](std::span<const std::byte> bytes) -> Status {
      done_bytes_ += bytes.size();
      if (options_.on_progress) options_.on_progress(done_bytes_, total_bytes_);
      STERNA_RETURN_IF_ERROR(CheckGoOn(options_));
      return sink(bytes);
    };
    STERNA_RETURN_IF_ERROR(produce(watched));
    return source_.CheckStillWhole();  // what was read from a file that shrank is zeros
  };
  writer_.AddTensor(name, std::move(dimensions), type, size_bytes, std::move(counted));
}

Status Exporter::Refused(std::string_view name, const Status& status) const {
  return Status(status.code(), fmt::format("file {}: tensor {}: {}", format::Quoted(source_.name()),
                                           format::Quoted(name), status.message()));
}

void Exporter::AddWarnings() {
  report_.warnings = source_.warnings();
  if (rounding_.Happened()) {
    report_.warnings.push_back(fmt::format(
        "linear layers were not ternary: {:.1f} % of their values were rounded (b1.58 mean magnitude), which changed "
        "them by {:.0f} % of their size (root mean square)",
        100 * rounding_.ChangedShare(), 100 * rounding_.RelativeChange()));
  }
  if (scale_rounding_ > 0) {
    report_.warnings.push_back(fmt::format("scales were rounded to float16, by up to {:.2g} % of their value",
                                           100.0 * double(scale_rounding_)));
  }
  if (source_.architecture() == "bitnet" && source_.activation() == backend::Activation::kRelu2) {
    report_.warnings.push_back(
        "the model has squared ReLU, and llama.cpp runs every model of architecture 'bitnet' with SiLU: there its "
        "answers will be wrong");
  }
}

}  // namespace

Result<ConvertReport> ExportGguf(const ModelSource& source, const std::string& output, const ConvertOptions& options) {
  try {
    return Exporter(source, options).Run(output);
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted(fmt::format("out of memory while converting {}", format::Quoted(source.name())));
  }
}

}  // namespace sterna::convert
