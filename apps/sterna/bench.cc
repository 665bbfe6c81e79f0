// SPDX-License-Identifier: Apache-2.0
//
// sterna bench: speed of prompt processing (pp) and generation (tg), beside what the machine's memory gives.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/status_macros.h"
#include "engine/prompt_lookup.h"
#include "exit_code.h"
#include "flag_set.h"
#include "kernels/dispatch.h"
#include "measure_bandwidth.h"
#include "measure_generation.h"
#include "measure_sequences.h"
#include "measure_ternary.h"
#include "memory_plan_json.h"
#include "model_flags.h"
#include "model_loading.h"
#include "platform/cpu_features.h"
#include "platform/memory_usage.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kBenchExamples[] =
    "  sterna bench\n"
    "  sterna bench -m model.gguf -p 512 -n 128 -t 2 -r 5 --json\n"
    "  sterna bench -m model.gguf -p 0 -n 32 --depth 4000\n"
    "  sterna bench -m model.gguf -p 0 -n 32 --sequences 8 --ctx 64\n";

struct BenchFlags {
  ModelFlags model;
  uint32_t prompt_tokens = 512;
  uint32_t generated_tokens = 128;
  uint32_t depth_tokens = 0;
  uint32_t speculate_tokens = 0;
  uint32_t sequences = 1;
  uint32_t repetitions = 5;
  bool json = false;
  bool read_zeros = false;
  bool prompt_given = false, generated_given = false;
};

// What a row of logits took, on average.
struct HeadUse {
  double bytes = 0;         // of the head and its planes
  double whole = 0;         // share of the rows of logits that were computed whole
  double refined_rows = 0;  // rows of the head that the first plane left
  double exact_rows = 0;    // rows of the head computed as candidates
};

struct Measurement {
  std::string name;
  std::vector<double> tokens_per_second;          // sorted
  double bytes_per_token = 0;                     // touched, by the engine's counters
  double kv_bytes_per_token = 0;                  // of them keys and values, on average
  std::optional<double> zero_gates, zero_inputs;  // shares; none where nothing was looked at
  HeadUse head;
  uint32_t guessed_tokens = 0, accepted_tokens = 0;  // of the last run

  double Median() const {
    const size_t middle = tokens_per_second.size() / 2;
    if (tokens_per_second.size() % 2 == 1) return tokens_per_second[middle];
    return (tokens_per_second[middle - 1] + tokens_per_second[middle]) / 2;
  }
  double GbPerSecond() const { return Median() * bytes_per_token / 1e9; }
};

std::optional<double> Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? std::nullopt : std::optional(double(part) / double(whole));
}

// What was read and skipped between two states of the counters, in which `tokens` were computed.
void AddCounters(const backend::CpuBackendCounters& before, const backend::CpuBackendCounters& after, double tokens,
                 Measurement& m) {
  m.kv_bytes_per_token = double(after.kv_bytes_read - before.kv_bytes_read) / tokens;
  m.bytes_per_token = double(after.weight_bytes_read - before.weight_bytes_read) / tokens + m.kv_bytes_per_token;
  const double logit_rows = std::max(1.0, double(after.head_outputs - before.head_outputs));
  m.head = {.bytes = double(after.head_bytes - before.head_bytes) / logit_rows,
            .whole = double(after.head_whole - before.head_whole) / logit_rows,
            .refined_rows = double(after.head_refined_rows - before.head_refined_rows) / logit_rows,
            .exact_rows = double(after.head_exact_rows - before.head_exact_rows) / logit_rows};
  m.zero_gates = Share(after.zero_gates - before.zero_gates, after.gates - before.gates);
  m.zero_inputs =
      Share(after.zero_sparse_inputs - before.zero_sparse_inputs, after.sparse_inputs - before.sparse_inputs);
}

// Runs once to warm up, then `repetitions` times. A run computes `tokens`.
template <class Once>
Result<Measurement> Repeat(std::string name, const LoadedModel& model, uint32_t repetitions, uint64_t tokens,
                           Once&& once) {
  Measurement measurement;
  measurement.name = std::move(name);
  const backend::CpuBackendCounters before = model.engine->Counters();
  for (uint32_t i = 0; i <= repetitions; ++i) {
    STERNA_ASSIGN_OR_RETURN(const double speed, once());
    if (i > 0) measurement.tokens_per_second.push_back(speed);
  }
  AddCounters(before, model.engine->Counters(), double(tokens) * (repetitions + 1), measurement);
  std::sort(measurement.tokens_per_second.begin(), measurement.tokens_per_second.end());
  return measurement;
}

Result<Measurement> MeasurePrompt(const BenchFlags& flags, const LoadedModel& model) {
  const uint32_t tokens = flags.prompt_tokens;
  return Repeat(fmt::format("pp{}", tokens), model, flags.repetitions, tokens, [&]() -> Result<double> {
    STERNA_ASSIGN_OR_RETURN(const engine::Timings t, TimeGeneration(model, 0, tokens, 1));
    return t.PrefillTokensPerSecond();
  });
}

// Generation with `depth` tokens in the context already. A prompt of one token costs what a generated one does.
Result<Measurement> MeasureGeneration(const BenchFlags& flags, const LoadedModel& model, uint32_t depth) {
  const uint32_t tokens = flags.generated_tokens;
  if (depth > 0) STERNA_RETURN_IF_ERROR(TimeGeneration(model, 0, depth, 0).status());
  const std::string name = depth > 0 ? fmt::format("tg{}@d{}", tokens, depth) : fmt::format("tg{}", tokens);
  engine::Timings timings;
  STERNA_ASSIGN_OR_RETURN(Measurement m, Repeat(name, model, flags.repetitions, tokens + 1, [&]() -> Result<double> {
                            STERNA_ASSIGN_OR_RETURN(
                                timings, TimeGeneration(model, depth, 1, tokens + 1, flags.speculate_tokens));
                            return timings.DecodeTokensPerSecond();
                          }));
  m.guessed_tokens = timings.guessed_tokens;
  m.accepted_tokens = timings.accepted_tokens;
  return m;
}

// Generation in several sequences at once; tokens/s is that of all together.
Result<Measurement> MeasureSequences(const BenchFlags& flags, const LoadedModel& model) {
  const uint32_t tokens = flags.generated_tokens;
  model.session->Truncate(0);  // the keys and values reserved are for these
  std::vector<std::unique_ptr<engine::Session>> sessions;
  for (uint32_t i = 0; i < flags.sequences; ++i) {
    STERNA_ASSIGN_OR_RETURN(sessions.emplace_back(), model.engine->NewSession());
  }
  return Repeat(fmt::format("tg{}x{}", tokens, flags.sequences), model, flags.repetitions,
                uint64_t{tokens} * flags.sequences, [&] { return GenerateAtOnce(sessions, tokens); });
}

// Cuts default sizes to the model's context, and refuses sizes the user asked for.
Status FitContext(BenchFlags& flags, uint32_t context) {
  const auto fit = [&](const char* flag, uint32_t& tokens, uint32_t extra, bool given) -> Status {
    if (uint64_t{tokens} + extra <= context) return {};
    const uint32_t most = context > extra ? context - extra : 0;
    if (given || most == 0) {
      return Status::ResourceExhausted(
          fmt::format("{} {} needs a context of {} tokens and there are {}; give {} {} or less", flag, tokens,
                      uint64_t{tokens} + extra, context, flag, most));
    }
    const std::string line =
        fmt::format("sterna: the context is {} tokens: {} is cut from {} to {}\n", context, flag, tokens, most);
    std::fputs(line.c_str(), stderr);
    tokens = most;
    return {};
  };
  // Generation starts from one token. The last token that is generated is not stored.
  STERNA_RETURN_IF_ERROR(fit("-p", flags.prompt_tokens, 0, flags.prompt_given));
  if (flags.depth_tokens >= context) {
    return Status::ResourceExhausted(
        fmt::format("--depth {} leaves no room in a context of {} tokens; give a larger "
                    "--ctx or --depth {} or less",
                    flags.depth_tokens, context, context - 2));
  }
  return fit("-n", flags.generated_tokens, flags.depth_tokens + 1, flags.generated_given);
}

ordered_json ReportJson(const LoadedModel& model, const std::vector<Measurement>& measurements, double read_limit,
                        double integer_peak) {
  const engine::LoadReport& report = model.engine->report();
  ordered_json tests = ordered_json::array();
  for (const Measurement& m : measurements) {
    tests.push_back({{"name", m.name},
                     {"tokens_per_second", m.Median()},
                     {"min", m.tokens_per_second.front()},
                     {"max", m.tokens_per_second.back()},
                     {"kv_bytes_per_token", m.kv_bytes_per_token},
                     {"gb_per_second", m.GbPerSecond()},
                     {"bytes_per_token", m.bytes_per_token},
                     {"zero_gate_share", m.zero_gates ? ordered_json(*m.zero_gates) : ordered_json()},
                     {"zero_down_input_share", m.zero_inputs ? ordered_json(*m.zero_inputs) : ordered_json()},
                     {"head",
                      {{"bytes_per_logit_row", m.head.bytes},
                       {"whole_share", m.head.whole},
                       {"refined_rows", m.head.refined_rows},
                       {"exact_rows", m.head.exact_rows}}},
                     {"share_of_read_bandwidth", m.GbPerSecond() / read_limit},
                     {"guessed_tokens", m.guessed_tokens},
                     {"accepted_tokens", m.accepted_tokens},
                     {"multiply_adds_per_second", m.Median() * double(report.ternary_macs_per_token)}});
    if (integer_peak > 0) {
      tests.back()["share_of_integer_peak"] = m.Median() * double(report.ternary_macs_per_token) / integer_peak;
    }
  }
  return {{"cpu", platform::DetectCpu().brand},
          {"kernels", report.kernels},
          {"threads", report.threads},
          {"threads_prefill", report.threads_prefill},
          {"workers", report.workers},
          {"tests", tests},
          {"model", model.path},
          {"weight_type", report.weight_type},
          {"head_type", report.head_type},
          {"head_mode", report.head_mode},
          {"weight_bytes_per_token", report.weight_bytes_per_token},
          {"ternary_multiply_adds_per_token", report.ternary_macs_per_token},
          {"read_bandwidth_gb_per_second", read_limit},
          {"integer_peak_multiply_adds_per_second", integer_peak},
          {"load_ms", report.load_ms},
          {"memory_plan", PlanToJson(report.plan)}};
}

// What a long context adds to a token, against the keys and values it adds to what is read (docs/performance.md).
ordered_json AttentionBudget(const Measurement& empty, const Measurement& deep, double read_limit) {
  const double extra_seconds = 1 / deep.Median() - 1 / empty.Median();
  const double extra_bytes = deep.kv_bytes_per_token - empty.kv_bytes_per_token;
  const double gb_per_second = extra_bytes / extra_seconds / 1e9;
  return {{"extra_ms_per_token", extra_seconds * 1e3},
          {"extra_kv_bytes_per_token", extra_bytes},
          {"gb_per_second", gb_per_second},
          {"share_of_read_bandwidth", gb_per_second / read_limit}};
}

std::string BudgetForHumans(const ordered_json& budget) {
  return fmt::format(
      "\nattention  {:.2f} ms per token for {:.1f} MB more of keys and values: {:.2f} GB/s, {:.1f}% of limit\n",
      budget["extra_ms_per_token"].get<double>(), budget["extra_kv_bytes_per_token"].get<double>() / 1e6,
      budget["gb_per_second"].get<double>(), budget["share_of_read_bandwidth"].get<double>() * 100);
}

std::string Percent(const ordered_json& share) {
  return share.is_null() ? "-" : fmt::format("{:.1f}%", share.get<double>() * 100);
}

std::string HeadForHumans(const ordered_json& r) {
  const auto& head = r["tests"].back()["head"];
  return fmt::format("head        {}: {:.1f} MB a row of logits, {:.1f} rows refined, {:.1f} rows computed, {} whole\n",
                     r["head_mode"].get<std::string>(), head["bytes_per_logit_row"].get<double>() / 1e6,
                     head["refined_rows"].get<double>(), head["exact_rows"].get<double>(),
                     Percent(head["whole_share"]));
}

ordered_json StreamToJson(const memory::StreamCounters& stream) {
  return {
      {"hits", stream.hits},           {"misses", stream.misses},         {"loads", stream.loads},
      {"evictions", stream.evictions}, {"bytes_read", stream.bytes_read}, {"stall_ms", double(stream.stall_ns) / 1e6}};
}

std::string StreamForHumans(const ordered_json& stream) {
  return fmt::format("streamed    {} of {} parts were there when needed; {:.1f} MB read, waited {:.0f} ms\n",
                     stream["hits"].get<uint64_t>(), stream["hits"].get<uint64_t>() + stream["misses"].get<uint64_t>(),
                     stream["bytes_read"].get<double>() / 1e6, stream["stall_ms"].get<double>());
}

std::string ForHumans(const ordered_json& r) {
  const double peak = r["integer_peak_multiply_adds_per_second"].get<double>() / 1e9;
  std::string text = fmt::format(
      "model     {}\nweights   {}, head {}, {:.1f} MB per token when nothing is skipped\ncpu       {}\nkernels   {}, "
      "{} thread(s)\n"
      "memory    reads {:.1f} GB/s at most\n{}\n{:<12}{:>12}{:>12}{:>12}{:>10}{:>10}{:>12}{:>10}{:>10}{:>12}{:>12}\n",
      r["model"].get<std::string>(), r["weight_type"].get<std::string>(), r["head_type"].get<std::string>(),
      double(r["weight_bytes_per_token"].get<uint64_t>()) / 1e6, r["cpu"].get<std::string>(),
      r["kernels"].get<std::string>(), r["threads"].get<uint32_t>(), r["read_bandwidth_gb_per_second"].get<double>(),
      peak == 0 ? "" : fmt::format("integers  {:.1f} GMAC/s at most with plain products\n", peak), "test", "tokens/s",
      "min", "max", "GB/s", "of limit", "GMAC/s", "of peak", "MB/token", "zero gates", "zero down");
  for (const auto& test : r["tests"]) {
    text += fmt::format("{:<12}{:>12.2f}{:>12.2f}{:>12.2f}{:>10.2f}{:>10}{:>12.2f}{:>10}{:>10.1f}{:>12}{:>12}\n",
                        test["name"].get<std::string>(), test["tokens_per_second"].get<double>(),
                        test["min"].get<double>(), test["max"].get<double>(), test["gb_per_second"].get<double>(),
                        Percent(test["share_of_read_bandwidth"]), test["multiply_adds_per_second"].get<double>() / 1e9,
                        Percent(test.value("share_of_integer_peak", ordered_json())),
                        test["bytes_per_token"].get<double>() / 1e6, Percent(test["zero_gate_share"]),
                        Percent(test["zero_down_input_share"]));
  }
  if (r.contains("attention")) text += BudgetForHumans(r["attention"]);
  if (!r["tests"].empty()) text += HeadForHumans(r);
  if (r.contains("stream")) text += StreamForHumans(r["stream"]);
  return text +
         "\nGB/s = bytes touched per token x tokens/s; touched are the codes of ternary rows and inputs that were not\n"
         "skipped, the head's rows, and the keys and values seen. Zero gates, zero down: the shares of feed-forward\n"
         "gates and of inputs of down that were zero and so skipped.\n";
}

Status Bench(BenchFlags flags) {
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions options, flags.model.EngineOptions());
  options.skip_zeros = !flags.read_zeros;
  options.kv_limit_bytes = 0;
  options.max_sessions = flags.sequences;
  options.step_sequences = std::max(options.step_sequences, flags.sequences);
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model, options));
  STERNA_RETURN_IF_ERROR(FitContext(flags, model.session->context_tokens()));
  std::vector<Measurement> measurements;
  if (flags.prompt_tokens > 0) {
    STERNA_ASSIGN_OR_RETURN(Measurement m, MeasurePrompt(flags, model));
    measurements.push_back(std::move(m));
  }
  if (flags.generated_tokens > 0) {
    STERNA_ASSIGN_OR_RETURN(Measurement m, MeasureGeneration(flags, model, 0));
    measurements.push_back(std::move(m));
  }
  const bool deep = flags.depth_tokens > 0 && flags.generated_tokens > 0;
  if (deep) {
    STERNA_ASSIGN_OR_RETURN(Measurement m, MeasureGeneration(flags, model, flags.depth_tokens));
    measurements.push_back(std::move(m));
  }
  if (flags.sequences > 1 && flags.generated_tokens > 0) {
    STERNA_ASSIGN_OR_RETURN(Measurement m, MeasureSequences(flags, model));
    measurements.push_back(std::move(m));
  }
  // The peak is the model's: the buffer of the bandwidth measurement comes after it.
  const uint64_t peak_bytes = platform::ReadMemoryUsage().peak_resident_bytes;
  STERNA_RETURN_IF_ERROR(EndRun(flags.model, model));
  STERNA_ASSIGN_OR_RETURN(const BandwidthReport limit, MeasureReadBandwidth({model.engine->report().workers}));
  STERNA_ASSIGN_OR_RETURN(const double peak,
                          MeasureIntegerPeakOf(model.engine->report().kernels, model.engine->report().threads));
  ordered_json report = ReportJson(model, measurements, limit.by_threads[0].gb_per_second, peak);
  report["peak_resident_bytes"] = peak_bytes;
  if (model.engine->report().streamed) report["stream"] = StreamToJson(model.engine->Counters().stream);
  if (deep) {
    const size_t shallow = flags.prompt_tokens > 0 ? 1 : 0;
    report["attention"] =
        AttentionBudget(measurements[shallow], measurements[shallow + 1], limit.by_threads[0].gb_per_second);
  }
  ResultStream out;
  out.Write(flags.json ? report.dump(2) + "\n" : ForHumans(report));
  return out.status();
}

}  // namespace

int BenchVerb(Words words) {
  BenchFlags values;
  FlagSet flags(
      "bench", "Measure tokens per second for prompts (pp) and generation (tg): the median of -r runs after a warm-up.",
      kBenchExamples);
  flags.Add(UnsignedSetting("-p,--prompt-tokens", "Prompt length; 0 = leave out", &values.prompt_tokens, 0, 1u << 20));
  flags.Add(
      UnsignedSetting("-n,--max-tokens", "Tokens to generate; 0 = leave out", &values.generated_tokens, 0, 1u << 20));
  flags.Add(UnsignedSetting("-d,--depth", "Also generate after this many tokens; 0 = leave out", &values.depth_tokens,
                            0, 1u << 20));
  flags.Add(UnsignedSetting("--speculate", "Tokens that generation guesses from earlier text in one step; 0 = none",
                            &values.speculate_tokens, 0, engine::PromptLookup::kMaxTokens));
  flags.Add(UnsignedSetting("--sequences",
                            "Also generate in this many sequences at once, each with a context of its own",
                            &values.sequences, 1, 256));
  flags.Add(UnsignedSetting("-r,--repetitions", "Runs of each test", &values.repetitions, 1, 1000));
  flags.AddSwitch("--json", &values.json, "Print one JSON object");
  flags.AddSwitch("--read-zeros", &values.read_zeros,
                  "Also read the weights that are multiplied by zero: the same results, to see what skipping saves");
  values.model.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  values.prompt_given = flags.Given("--prompt-tokens");
  values.generated_given = flags.Given("--max-tokens");
  return Finish(Bench(values));
}

}  // namespace sterna::cli
