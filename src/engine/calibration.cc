// SPDX-License-Identifier: Apache-2.0
//
// Scales of activations that are measured once: the model reads a text with each row's own scales, and the magnitudes
// that enter each linear layer are counted.
#include "engine/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "base/hash.h"
#include "base/status_macros.h"
#include "engine/engine_core.h"

namespace sterna::engine {
namespace {

constexpr float kLeastRange = 1e-5f;  // as quantize_row
constexpr char kHowToMeasure[] = "activation.calibration_text measures them over a text";

// Magnitudes by their upper 16 bits: the bounds of neighbouring places differ by less than 1 %.
class Magnitudes {
 public:
  explicit Magnitudes(bool whole) : counts_(whole ? 0 : kPlaces) {}

  void Add(std::span<const float> row) {
    for (const float value : row) {
      const float magnitude = std::fabs(value);
      if (!std::isfinite(magnitude)) continue;
      largest_ = std::max(largest_, magnitude);
      if (!counts_.empty()) ++counts_[std::bit_cast<uint32_t>(magnitude) >> kDroppedBits];
    }
  }

  // The magnitude below which that share of them lies, or the largest.
  float Percentile(double percentile) const {
    const uint64_t all = std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
    const double wanted = percentile / 100 * double(all);
    uint64_t seen = 0;
    for (size_t place = 0; place < counts_.size(); ++place) {
      seen += counts_[place];
      if (double(seen) >= wanted) return std::min(UpperBound(place), largest_);
    }
    return largest_;
  }

 private:
  static constexpr uint32_t kDroppedBits = 16;
  static constexpr size_t kPlaces = size_t{1} << 15;
  static float UpperBound(size_t place) {
    return std::bit_cast<float>(uint32_t(place) << kDroppedBits | ((1u << kDroppedBits) - 1));
  }

  float largest_ = 0;
  std::vector<uint64_t> counts_;  // none where the largest is all that is asked for
};

double PercentileOf(const ActivationOptions& options) {
  return options.outliers.clamp ? options.outliers.percentile : 100;
}

// Names, shapes and beginnings of all tensors.
uint64_t HashOfModel(const format::GgufFile& file) {
  constexpr size_t kBeginning = 4096;
  Hasher64 hash;
  for (const format::GgufTensor& tensor : file.tensors()) {
    const std::string line =
        fmt::format("{} {} {}x{}\n", tensor.name, tensor.type_name, tensor.rows(), tensor.columns());
    hash.Add(std::as_bytes(std::span(line)));
    hash.Add(tensor.bytes.first(std::min(kBeginning, tensor.bytes.size())));
  }
  return hash.Value();
}

// The first lines of a text that are not blank.
Result<std::vector<std::string>> ReadSamples(const std::string& path, uint32_t count) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Status::NotFound(
        fmt::format("cannot open '{}': {}; give the path of a readable text file", path, std::strerror(errno)));
  }
  std::vector<std::string> samples;
  for (std::string line; samples.size() < count && std::getline(file, line);) {
    if (line.find_first_not_of(" \t\r") != line.npos) samples.push_back(line);
  }
  if (samples.empty()) {
    return Status::InvalidArgument(fmt::format("'{}' holds no line to measure scales with; give a text", path));
  }
  return samples;
}

class Measuring {
 public:
  Measuring(Engine& engine, EngineCore& core)
      : engine_(engine),
        core_(core),
        percentile_(PercentileOf(core.options.activations)),
        seen_(core.model->InputCount(), Magnitudes(percentile_ == 100)) {
    core_.model->ObserveInputs([this](uint32_t input, std::span<const float> row) { seen_[input].Add(row); });
  }
  ~Measuring() { core_.model->ObserveInputs({}); }
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;

  Result<ActivationRanges> Measure() {
    const ActivationOptions& options = core_.options.activations;
    STERNA_ASSIGN_OR_RETURN(const std::vector<std::string> samples,
                            ReadSamples(options.calibration_text, options.calibration_samples));
    STERNA_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, engine_.NewSession());
    for (size_t i = 0; i < samples.size(); ++i) {
      STERNA_RETURN_IF_ERROR(ReadOne(*session, samples[i]));
      const auto& on_progress = core_.options.on_load_progress;
      if (on_progress) on_progress("calibration", double(i + 1) / double(samples.size()));
    }
    ActivationRanges ranges{.model = 0, .percentile = percentile_, .samples = uint32_t(samples.size()), .largest = {}};
    ranges.largest.reserve(seen_.size());
    for (const Magnitudes& seen : seen_) ranges.largest.push_back(std::max(seen.Percentile(percentile_), kLeastRange));
    return ranges;
  }

 private:
  Status ReadOne(Session& session, const std::string& sample) {
    session.Truncate(0);
    GenerateRequest request;
    STERNA_ASSIGN_OR_RETURN(request.prompt, core_.tokenizer->Encode(sample, false, true));
    request.prompt.resize(std::min<size_t>(request.prompt.size(), session.context_tokens()));
    request.max_tokens = 0;
    return session.Generate(request).status();
  }

  Engine& engine_;
  EngineCore& core_;
  const double percentile_;
  std::vector<Magnitudes> seen_;  // by input
};

Status CheckRanges(const ActivationRanges& ranges, uint64_t model, const EngineCore& core) {
  const ActivationOptions& options = core.options.activations;
  if (ranges.model != model || ranges.largest.size() != core.model->InputCount()) {
    return Status::InvalidArgument(
        fmt::format("'{}' holds activation scales of another model; name another activation.calibration_file",
                    options.ranges_file));
  }
  if (ranges.percentile != PercentileOf(options)) {
    return Status::InvalidArgument(fmt::format(
        "'{}' holds scales of the percentile {}, not of {}; set activation.clip_percentile, or name another file",
        options.ranges_file, ranges.percentile, PercentileOf(options)));
  }
  return {};
}

// From the file where there is one; else over the text, and to the file.
Result<ActivationRanges> FindRanges(Engine& engine, EngineCore& core) {
  const ActivationOptions& options = core.options.activations;
  const uint64_t model = HashOfModel(*core.file);
  STERNA_RETURN_IF_ERROR(core.file->CheckStillWhole());
  std::error_code unknown;
  const bool there = !options.ranges_file.empty() && std::filesystem::exists(options.ranges_file, unknown);
  if (there || (options.calibration_text.empty() && !options.ranges_file.empty())) {
    STERNA_ASSIGN_OR_RETURN(ActivationRanges ranges, ReadRanges(options.ranges_file));
    STERNA_RETURN_IF_ERROR(CheckRanges(ranges, model, core));
    return ranges;
  }
  if (options.calibration_text.empty()) {
    return Status::InvalidArgument(
        fmt::format("activation.quantization_method is static, and nothing says by which scales; {}", kHowToMeasure));
  }
  STERNA_ASSIGN_OR_RETURN(ActivationRanges ranges, Measuring(engine, core).Measure());
  ranges.model = model;
  if (!options.ranges_file.empty()) STERNA_RETURN_IF_ERROR(WriteRanges(options.ranges_file, ranges));
  return ranges;
}

}  // namespace

Status UseMeasuredScales(Engine& engine, EngineCore& core) {
  if (core.model->InputCount() == 0) {
    return Status::InvalidArgument(
        "activation.quantization_method is static, but this model's layers are not ternary: they take activations as "
        "they are; set dynamic");
  }
  STERNA_ASSIGN_OR_RETURN(core.activation_ranges, FindRanges(engine, core));
  core.model->SetInputRanges(core.activation_ranges->largest);
  return {};
}

backend::OutlierHandling RowOutliers(const ActivationOptions& options) {
  backend::OutlierHandling outliers = options.outliers;
  if (options.measured) outliers.percentile = 100;
  return outliers;
}

}  // namespace sterna::engine
