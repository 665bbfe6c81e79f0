// SPDX-License-Identifier: Apache-2.0
//
// sterna tune: finds the fastest settings for a model on this machine and keeps them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "exit_code.h"
#include "flag_set.h"
#include "interrupt.h"
#include "json_text.h"
#include "kernels/dispatch.h"
#include "measure_generation.h"
#include "model_flags.h"
#include "model_loading.h"
#include "platform/cpu_features.h"
#include "platform/topology.h"
#include "streams.h"
#include "tune/search.h"
#include "tune/tuned_file.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr uint32_t kPromptTokens = 512, kGeneratedTokens = 48, kRepetitions = 3;
constexpr uint32_t kQuickPromptTokens = 128, kQuickGeneratedTokens = 8;
constexpr uint32_t kChunkTiles[] = {1, 2, 4, 8};

constexpr char kTuneExamples[] =
    "  sterna tune\n"
    "  sterna tune -m model.gguf --json\n"
    "  sterna tune -m model.gguf --forget\n";

struct TuneFlags {
  ModelFlags model;
  bool quick = false, forget = false, json = false;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string Describe(const tune::Choice& choice) {
  return fmt::format("kernels {}, {} thread(s), {} in prompts, chunks of {} tokens", choice.kernels, choice.threads,
                     choice.prefill_threads, choice.chunk_tiles * BatchConfig::kTokensPerChunkTile);
}

// Measures by loading the model with the settings that are tried.
class Measuring {
 public:
  Measuring(const TuneFlags& flags, engine::EngineOptions options) : flags_(flags), options_(std::move(options)) {}

  Result<tune::Speed> operator()(const tune::Choice& choice) {
    if (Interrupted()) return Status::Cancelled("interrupted");
    engine::EngineOptions options = options_;
    options.isa = choice.kernels;
    options.threads = choice.threads;
    options.threads_prefill = choice.prefill_threads;
    options.prefill_chunk_tokens = choice.chunk_tiles * BatchConfig::kTokensPerChunkTile;
    options.step_rows = std::max(options.step_rows, options.prefill_chunk_tokens);
    STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags_.model, options));
    STERNA_ASSIGN_OR_RETURN(const tune::Speed speed, Measure(model));
    const std::string line = fmt::format("tune: {}: {:.1f} prompt tokens/s, {:.1f} generated tokens/s\n",
                                         Describe(choice), speed.prompt, speed.generation);
    std::fputs(line.c_str(), stderr);
    return speed;
  }

 private:
  // The first run warms up.
  Result<tune::Speed> Measure(const LoadedModel& model) const {
    const uint32_t wanted = flags_.quick ? kQuickPromptTokens : kPromptTokens;
    const uint32_t generated = flags_.quick ? kQuickGeneratedTokens : kGeneratedTokens;
    const uint32_t context = model.session->context_tokens();
    if (context < 2 * generated) {
      return Status::ResourceExhausted(
          fmt::format("a context of {} tokens is too short to measure in; give a longer --ctx", context));
    }
    const uint32_t prompt = std::min(wanted, context - generated);
    std::vector<double> prompts, generations;
    for (uint32_t i = 0; i <= (flags_.quick ? 1 : kRepetitions); ++i) {
      STERNA_ASSIGN_OR_RETURN(const engine::Timings of_prompt, TimeGeneration(model, 0, prompt, 1));
      STERNA_ASSIGN_OR_RETURN(const engine::Timings of_generation, TimeGeneration(model, 0, 1, generated));
      if (i == 0) continue;
      prompts.push_back(of_prompt.PrefillTokensPerSecond());
      generations.push_back(of_generation.DecodeTokensPerSecond());
    }
    return tune::Speed{Median(prompts), Median(generations)};
  }

  const TuneFlags& flags_;
  engine::EngineOptions options_;
};

// Nobody but a preset has said anything of the key.
bool IsFree(const config::Resolved& resolved, std::string_view key) {
  const std::string& origin = resolved.OriginOf(key);
  return origin == "default" || origin.starts_with("preset ");
}

tune::Choice StartOf(const engine::EngineOptions& options, const kernels::KernelTable& table) {
  const uint32_t threads = options.threads.value_or(platform::UsableCores());
  return {table.isa, threads, options.threads_prefill.value_or(threads),
          options.prefill_chunk_tokens / BatchConfig::kTokensPerChunkTile};
}

tune::Space SpaceAround(const tune::Choice& start, const config::Resolved& resolved, uint64_t cpu_bits) {
  tune::Space space{{start.kernels}, {start.threads}, {start.prefill_threads}, {start.chunk_tiles}};
  const auto counts = tune::ThreadCounts(platform::UsableCores(), platform::UsableLogicalCpus());
  if (IsFree(resolved, "engine.thread_count")) space.threads = counts;
  if (IsFree(resolved, "inference.prefill_thread_count")) space.prefill_threads = counts;
  if (IsFree(resolved, "batch.chunk_size")) space.chunk_tiles.assign(std::begin(kChunkTiles), std::end(kChunkTiles));
  if (!IsFree(resolved, "inference.kernels")) return space;
  space.kernels.clear();
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    const bool is_last = table == kernels::AllTables().back();  // scalar: only where there is nothing else
    if ((table->needs & ~cpu_bits) == 0 && (!is_last || space.kernels.empty())) space.kernels.emplace_back(table->isa);
  }
  return space;
}

// What differs from the start; both counts of threads together, because one stands for the other where it is missing.
std::vector<std::pair<std::string, std::string>> SettingsOf(const tune::Outcome& outcome) {
  const tune::Choice &start = outcome.start, &best = outcome.best;
  std::vector<std::pair<std::string, std::string>> settings;
  if (best.kernels != start.kernels) settings.emplace_back("inference.kernels", best.kernels);
  if (best.threads != start.threads || best.prefill_threads != start.prefill_threads) {
    settings.emplace_back("engine.thread_count", std::to_string(best.threads));
    settings.emplace_back("inference.prefill_thread_count", std::to_string(best.prefill_threads));
  }
  if (best.chunk_tiles != start.chunk_tiles)
    settings.emplace_back("batch.chunk_size", std::to_string(best.chunk_tiles));
  return settings;
}

double PercentWon(double before, double after) { return before > 0 ? (after / before - 1) * 100 : 0; }

std::string Won(const tune::Outcome& o) {
  return fmt::format("prompts {:.1f} -> {:.1f} tokens/s ({:+.0f} %), generation {:.1f} -> {:.1f} tokens/s ({:+.0f} %)",
                     o.start_speed.prompt, o.best_speed.prompt, PercentWon(o.start_speed.prompt, o.best_speed.prompt),
                     o.start_speed.generation, o.best_speed.generation,
                     PercentWon(o.start_speed.generation, o.best_speed.generation));
}

ordered_json ToJson(const tune::Choice& choice, const tune::Speed& speed) {
  return {{"kernels", choice.kernels},
          {"threads", choice.threads},
          {"prefill_threads", choice.prefill_threads},
          {"chunk_tokens", choice.chunk_tiles * BatchConfig::kTokensPerChunkTile},
          {"prompt_tokens_per_second", speed.prompt},
          {"generated_tokens_per_second", speed.generation}};
}

std::string Show(const tune::Outcome& outcome, const std::string& file, bool as_json) {
  if (as_json) {
    const ordered_json json = {{"before", ToJson(outcome.start, outcome.start_speed)},
                               {"after", ToJson(outcome.best, outcome.best_speed)},
                               {"changed", outcome.best != outcome.start},
                               {"file", file}};
    return JsonText(json);
  }
  if (outcome.best == outcome.start) {
    return fmt::format("nothing is faster than what is there: {}\n", Describe(outcome.start));
  }
  return fmt::format("{}\n{}\nkept in '{}' and used from now on where nothing else is said\n", Describe(outcome.best),
                     Won(outcome), EscapeControls(file));
}

Status Forget(const std::string& file) {
  std::error_code error;
  const bool removed = std::filesystem::remove(file, error);
  if (error)
    return Status::Unavailable(fmt::format("cannot remove '{}': {}; look at its folder", file, error.message()));
  ResultStream out;
  out.Write(removed ? fmt::format("removed '{}'\n", EscapeControls(file)) : "nothing was kept for this model here\n");
  return out.status();
}

Status Tune(TuneFlags& flags) {
  flags.model.use_tuned = false;
  STERNA_ASSIGN_OR_RETURN(const std::string model, flags.model.ModelPath());
  const auto file = tune::TunedFile(model, tune::ThisMachine());
  if (!file) {
    return Status::NotFound(
        fmt::format("'{}' cannot be read, or nothing says where settings are kept; set XDG_STATE_HOME or HOME", model));
  }
  if (flags.forget) return Forget(*file);
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.model.config.Resolve());
  STERNA_ASSIGN_OR_RETURN(const engine::EngineOptions options, flags.model.EngineOptions());
  const uint64_t cpu_bits = platform::DetectCpu().bits & ~options.left_out_cpu_features;
  STERNA_ASSIGN_OR_RETURN(const kernels::KernelTable* table, kernels::SelectKernels(cpu_bits, options.isa));
  const tune::Choice start = StartOf(options, *table);
  const NoteInterrupts note;
  STERNA_ASSIGN_OR_RETURN(const tune::Outcome outcome,
                          tune::Search(SpaceAround(start, resolved, cpu_bits), start, Measuring(flags, options)));
  const std::string remark = fmt::format("sterna tune, {}: {}", EscapeControls(model), Won(outcome));
  STERNA_RETURN_IF_ERROR(tune::WriteTuned(*file, remark, SettingsOf(outcome)));
  ResultStream out;
  out.Write(Show(outcome, *file, flags.json));
  return out.status();
}

}  // namespace

int TuneVerb(Words words) {
  TuneFlags tune;
  FlagSet flags("tune",
                "Measures kernels, thread counts and prompt chunks with a model on this machine, and keeps the fastest "
                "for its next start. What a flag, a variable or the configuration file says is left as it is.",
                kTuneExamples);
  flags.AddSwitch("--quick", &tune.quick, "Shorter measurements, which noise may mislead");
  flags.AddSwitch("--forget", &tune.forget, "Measure nothing; remove what was kept for this model");
  flags.AddSwitch("--json", &tune.json, "Print one JSON object");
  tune.model.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Tune(tune));
}

}  // namespace sterna::cli
