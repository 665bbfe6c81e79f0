// SPDX-License-Identifier: Apache-2.0
//
// sterna calibrate: scales of activations, measured over a text (docs/quantization.md), and what each kind of scale
// does to perplexity.
#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "engine/activation_ranges.h"
#include "exit_code.h"
#include "flag_set.h"
#include "model_flags.h"
#include "model_loading.h"
#include "score_text.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxCalibrationBytes = size_t{1} << 30;
constexpr double kTailPercentile = 99.9;  // beside 100, to compare

constexpr char kCalibrateExamples[] =
    "  sterna calibrate -m model.gguf -f text.txt -o scales.txt\n"
    "  sterna run -m model.gguf --set activation.quantization_method=static \\\n"
    "      --set activation.calibration_file=scales.txt -p Hello\n"
    "  sterna calibrate -m model.gguf -f text.txt --compare other.txt\n";

struct CalibrateFlags {
  ModelFlags model;
  std::optional<std::string> text, out, compare;
};

Status WriteScales(const CalibrateFlags& flags, const engine::EngineOptions& options) {
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model, options));
  const engine::ActivationRanges& ranges = *model.engine->activation_ranges();
  STERNA_RETURN_IF_ERROR(engine::WriteRanges(*flags.out, ranges));
  const auto [least, most] = std::minmax_element(ranges.largest.begin(), ranges.largest.end());
  ResultStream out;
  out.Write(fmt::format("{} samples, {} inputs of layers; 127 stands for {:.3g} to {:.3g}; written to '{}'\n",
                        ranges.samples, ranges.largest.size(), *least, *most, EscapeControls(*flags.out)));
  STERNA_RETURN_IF_ERROR(EndRun(flags.model, model));
  return out.status();
}

std::vector<engine::ActivationOptions> KindsOfScales(const engine::ActivationOptions& options) {
  std::vector<engine::ActivationOptions> kinds;
  for (const bool measured : {false, true}) {
    for (const backend::OutlierHandling outliers :
         {backend::OutlierHandling{true, 100}, {true, kTailPercentile}, {false, 100}}) {
      if (!measured && !outliers.clamp) continue;  // a row's own scale leaves nothing beyond it
      kinds.push_back(options);
      kinds.back().measured = measured;
      kinds.back().outliers = outliers;
    }
  }
  return kinds;
}

Result<std::string> CompareOne(const CalibrateFlags& flags, const engine::EngineOptions& options,
                               std::string_view text) {
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model, options));
  const backend::CpuBackendCounters before = model.engine->Counters();  // of measuring
  ScoreOptions scoring;
  scoring.window_tokens = std::min(kDefaultWindowTokens, model.session->context_tokens());
  STERNA_ASSIGN_OR_RETURN(const TextScore score, ScoreText(model.engine->tokenizer(), *model.session, text, scoring));
  const backend::CpuBackendCounters after = model.engine->Counters();
  const backend::OutlierHandling& outliers = options.activations.outliers;
  return fmt::format("{:<8} {:<8} {:>10} {:>9.5f} {:>11.4f} {:>12} {:>13}\n",
                     options.activations.measured ? "static" : "dynamic", outliers.clamp ? "clamp" : "none",
                     outliers.percentile, score.Nll(), score.Perplexity(), after.clamped_rows - before.clamped_rows,
                     after.rescaled_rows - before.rescaled_rows);
}

Status Compare(const CalibrateFlags& flags, engine::EngineOptions options) {
  STERNA_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(*flags.compare, kMaxCalibrationBytes));
  ResultStream out;
  out.Write(fmt::format("{:<8} {:<8} {:>10} {:>9} {:>11} {:>12} {:>13}\n", "scale", "outliers", "percentile", "nll",
                        "perplexity", "clamped rows", "rescaled rows"));
  for (const engine::ActivationOptions& kind : KindsOfScales(options.activations)) {
    options.activations = kind;
    STERNA_ASSIGN_OR_RETURN(const std::string line, CompareOne(flags, options, text));
    if (!out.Write(line)) return out.status();
  }
  return out.status();
}

Status Calibrate(const CalibrateFlags& flags) {
  if (!flags.text) return Status::InvalidArgument("no text; give -f FILE");
  if (!flags.out && !flags.compare) return Status::InvalidArgument("nothing to do; give -o FILE or --compare FILE");
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions options, flags.model.EngineOptions());
  options.activations.measured = true;
  options.activations.ranges_file.clear();
  options.activations.calibration_text = *flags.text;
  if (flags.out) STERNA_RETURN_IF_ERROR(WriteScales(flags, options));
  return flags.compare ? Compare(flags, options) : Status();
}

}  // namespace

int CalibrateVerb(Words words) {
  CalibrateFlags values;
  FlagSet flags("calibrate",
                "Measure the scales by which activations become int8 over a text, of which each line is a sample.",
                kCalibrateExamples);
  values.model.config.SetDefault("inference.kv_storage", "f32");
  flags.AddText("-f,--file", "FILE", &values.text, "The text to measure scales over [required]");
  flags.AddText("-o,--out", "FILE", &values.out, "Write the scales to this file [default: none]");
  values.model.config.AddKey(flags, "--samples", "N", "activation.calibration_samples");
  values.model.config.AddKey(flags, "--percentile", "P", "activation.clip_percentile");
  flags.AddText("--compare", "FILE", &values.compare,
                "Print the perplexity of this text by each kind of scale, dynamic and static [default: none]");
  values.model.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Calibrate(values));
}

}  // namespace sterna::cli
