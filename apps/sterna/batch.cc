// SPDX-License-Identifier: Apache-2.0
//
// sterna batch: many prompts from a file, the answers into a file.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "base/hash.h"
#include "base/status_macros.h"
#include "batch/output_file.h"
#include "batch/result_text.h"
#include "batch/run_rows.h"
#include "batch_progress.h"
#include "config/keys.h"
#include "exit_code.h"
#include "flag_set.h"
#include "generation_flags.h"
#include "interrupt.h"
#include "model_flags.h"
#include "model_loading.h"
#include "prompt.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxInputBytes = size_t{1} << 30;
constexpr uint32_t kMaxWorkers = 256;
constexpr float kMaxTimeoutSeconds = 1e6;
constexpr size_t kMaxWarnings = 8;
constexpr char kJournalSuffix[] = ".journal";
constexpr char kByName[] = "auto";

constexpr char kBatchExamples[] =
    "  sterna batch -i prompts.txt -o answers.jsonl\n"
    "  sterna batch -m model.gguf -i rows.csv -o answers.csv --workers 8 --temp 0\n"
    "  sterna batch -i - --input-format jsonl -o answers.json < requests.jsonl\n";

struct BatchFlags {
  ModelFlags model;
  GenerationFlags generation;
  std::optional<std::string> input, output, system, chat_template;
  std::string input_format = kByName, output_format = kByName;
  uint32_t workers = 4;
  float timeout_seconds = 0;
  bool raw = false, restart = false, force = false;

  void AddTo(FlagSet& flags) {
    flags.Group("Batch flags");
    flags.AddText("-i,--input", "FILE", &input, "Prompts: txt, json, jsonl or csv; - is stdin [default: none]");
    flags.AddText("-o,--output", "FILE", &output, "Where the answers go: json, jsonl or csv [default: none]");
    flags.Add(ChoiceSetting("--input-format", "What the input is; auto goes by the file's name", &input_format,
                            {kByName, "txt", "json", "jsonl", "csv"}));
    flags.Add(ChoiceSetting("--output-format", "What the output is; auto goes by the file's name", &output_format,
                            {kByName, "json", "jsonl", "csv"}));
    flags.Add(UnsignedSetting("--workers", "Rows that run at once; the answers do not depend on it", &workers, 1,
                              kMaxWorkers));
    flags.Add(
        RealSetting("--timeout", "Seconds that a row may take; 0 = no limit", &timeout_seconds, 0, kMaxTimeoutSeconds));
    flags.AddSwitch("--restart", &restart, "Throw away what an interrupted run left, and begin anew");
    flags.AddSwitch("--force", &force, "Replace an output that exists");
    flags.Group("Prompt flags");
    flags.AddText("--system", "TEXT", &system, "System prompt of rows that have none [default: none]");
    flags.AddText("--chat-template", "NAME", &chat_template,
                  "bitnet, llama3, chatml, falcon3, gemma or a file with Jinja [default: the model's own]");
    flags.AddSwitch("--raw", &raw, "No chat template: prompts as they are");
    generation.AddTo(flags, model.config);
    model.AddTo(flags);
  }
};

Result<batch::FileFormat> Format(const char* flag, const std::string& name, const std::string& path) {
  const auto format = name == kByName ? batch::FormatOfFile(path) : batch::FormatByName(name);
  if (format) return *format;
  return Status::InvalidArgument(
      fmt::format("'{}' does not end with the name of a format; give --{}-format", path, flag));
}

Status CheckPaths(const BatchFlags& flags) {
  if (!flags.input) return Status::InvalidArgument("no input; give -i FILE");
  if (!flags.output) return Status::InvalidArgument("no output; give -o FILE");
  std::error_code ignored;
  for (const char* suffix : {"", batch::kPartSuffix, kJournalSuffix}) {  // all that is written beside the output
    const std::string path = *flags.output + suffix;
    if (!fs::equivalent(*flags.input, path, ignored)) continue;
    return Status::InvalidArgument(fmt::format("'{}' is both input and output; give another output", path));
  }
  if (!fs::exists(*flags.output, ignored)) return {};
  if (!fs::is_regular_file(*flags.output, ignored)) {
    return Status::InvalidArgument(fmt::format("'{}' is no plain file; give another output", *flags.output));
  }
  if (flags.force) return {};
  return Status::InvalidArgument(fmt::format("'{}' exists; give --force to replace it", *flags.output));
}

Result<batch::Row> DefaultRow(const BatchFlags& flags) {
  batch::Row row;
  row.system = flags.system.value_or("");
  row.raw = flags.raw;
  row.request.max_tokens = flags.generation.max_tokens();
  row.request.ignore_end_of_generation = flags.generation.ignore_eos;
  row.request.speculate_tokens = flags.generation.speculate_tokens();
  row.request.stop_strings = flags.generation.StopStrings();
  STERNA_ASSIGN_OR_RETURN(row.request.sampling, flags.generation.Sampling());
  return row;
}

uint64_t Hash(std::string_view text) { return Hash64(std::as_bytes(std::span(text))); }

// Beginnings of the keys that an answer depends on.
constexpr std::string_view kAnswerKeys[] = {"generation.", "activation.", "inference.kv_storage", "inference.head_mode",
                                            "inference.max_sequence_length"};

// Everything beside the input that an answer depends on.
Result<uint64_t> SettingsHash(const BatchFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const std::string path, flags.model.ModelPath());
  std::error_code missing;  // which loading the model will tell
  const fs::path model = fs::absolute(path, missing);
  const uint64_t bytes = fs::file_size(model, missing);
  const auto written = fs::last_write_time(model, missing).time_since_epoch().count();
  std::string text = fmt::format("{}\n{}\n{}\n", model.string(), bytes, written);
  for (const config::Key& key : config::AllKeys()) {
    const auto begins = [&](std::string_view start) { return key.name.starts_with(start); };
    if (std::any_of(std::begin(kAnswerKeys), std::end(kAnswerKeys), begins)) {
      text += fmt::format("{}={}\n", key.name, key.get(flags.generation.config));
    }
  }
  const auto add_list = [&](const std::vector<std::string>& list) {
    for (const std::string& item : list) text += fmt::format("{}:{},", item.size(), item);
    text += "\n";
  };
  const ModelFlags& m = flags.model;
  add_list(flags.generation.StopStrings());
  add_list(flags.generation.logit_bias);
  add_list({flags.system.value_or(""), flags.chat_template.value_or(""), m.ffn_act, m.i2s_layout, m.tl_tiles,
            flags.input_format});
  text += fmt::format("{} {}", flags.raw, flags.generation.ignore_eos);
  return Hash(text);
}

void WarnOfUnknownFields(const batch::BatchInput& input) {
  size_t told = 0;
  for (const std::string& name : input.unknown_fields) {
    if (++told > kMaxWarnings) break;
    const std::string line =
        fmt::format("sterna: warning: the field '{}' means nothing and is passed over\n", EscapeControls(name));
    std::fputs(line.c_str(), stderr);
  }
}

Result<std::vector<batch::RowResult>> Answer(const BatchFlags& flags, const LoadedModel& model,
                                             const std::vector<batch::Row>& rows, batch::Journal& journal) {
  batch::RunOptions options;
  options.workers = flags.workers;
  if (flags.timeout_seconds > 0) options.row_timeout = std::chrono::duration<double>(flags.timeout_seconds);
  if (!flags.raw) {
    STERNA_ASSIGN_OR_RETURN(auto choice, ChooseTemplate(*model.engine, flags.chat_template));
    options.chat_template = std::move(choice.chat_template);
  }
  const NoteInterrupts note;
  options.should_stop = Interrupted;
  BatchProgress progress;
  options.on_progress = [&progress](const batch::Progress& now) { progress.Update(now); };
  return batch::RunRows(*model.engine, rows, journal, options);
}

Status Report(const BatchFlags& flags, const std::vector<batch::RowResult>& results, uint64_t failed) {
  if (failed == 0) {
    const std::string line =
        fmt::format("batch: {} rows answered, written to '{}'\n", results.size(), EscapeControls(*flags.output));
    std::fputs(line.c_str(), stderr);
    return {};
  }
  const auto first =
      std::find_if(results.begin(), results.end(), [](const batch::RowResult& r) { return !r.error.empty(); });
  return Status::Unavailable(fmt::format("{} of {} rows failed, first the one with index {}: {}; see 'error' in '{}'",
                                         failed, results.size(), first - results.begin(), first->error, *flags.output));
}

Status Batch(const BatchFlags& flags) {
  STERNA_RETURN_IF_ERROR(CheckPaths(flags));
  STERNA_ASSIGN_OR_RETURN(const auto input_format, Format("input", flags.input_format, *flags.input));
  STERNA_ASSIGN_OR_RETURN(const auto output_format, Format("output", flags.output_format, *flags.output));
  if (output_format == batch::FileFormat::kText) {
    return Status::InvalidArgument("the output cannot be txt; give a name that ends in .json, .jsonl or .csv");
  }
  STERNA_ASSIGN_OR_RETURN(const batch::Row defaults, DefaultRow(flags));
  STERNA_ASSIGN_OR_RETURN(const std::string bytes, ReadTextFile(*flags.input, kMaxInputBytes));
  auto input = batch::ReadRows(bytes, input_format, defaults);
  if (!input.ok())
    return Status(input.status().code(), fmt::format("'{}': {}", *flags.input, input.status().message()));
  WarnOfUnknownFields(*input);

  STERNA_ASSIGN_OR_RETURN(const uint64_t settings, SettingsHash(flags));
  STERNA_ASSIGN_OR_RETURN(auto journal,
                          batch::Journal::Open(*flags.output + kJournalSuffix, {Hash(bytes), settings}, flags.restart));
  const auto start = std::chrono::steady_clock::now();
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions options, flags.model.EngineOptions());
  options.max_sessions = uint32_t(std::min<size_t>(flags.workers, input->rows.size()));
  options.kv_limit_bytes = 0;  // no row may run out of blocks because of its neighbours
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model, options));
  STERNA_ASSIGN_OR_RETURN(const auto results, Answer(flags, model, input->rows, journal));

  batch::Summary summary{model.path, 0, 0};
  for (const batch::RowResult& result : results) summary.failed += result.error.empty() ? 0 : 1;
  summary.time_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  STERNA_ASSIGN_OR_RETURN(const std::string text, batch::FormatResults(input->rows, results, summary, output_format));
  STERNA_RETURN_IF_ERROR(batch::ReplaceFile(*flags.output, text));
  journal.Remove();
  STERNA_RETURN_IF_ERROR(EndRun(flags.model, model));
  return Report(flags, results, summary.failed);
}

}  // namespace

int BatchVerb(Words words) {
  BatchFlags batch;
  FlagSet flags("batch",
                "Answers every row of a file. Several rows run at once; an interrupted run goes on where it was when "
                "the same command is given again; a bad row does not stop the rest.",
                kBatchExamples);
  batch.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  const Status status = Batch(batch);
  if (status.code() == StatusCode::kCancelled) {
    std::fputs("batch: interrupted; what was answered stays, and the same command goes on from there\n", stderr);
  }
  return Finish(status);
}

}  // namespace sterna::cli
