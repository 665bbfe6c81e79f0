// SPDX-License-Identifier: Apache-2.0
#include "model_loading.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/status_macros.h"
#include "platform/memory_usage.h"
#include "streams.h"

namespace sterna::cli {
namespace {

double Megabytes(uint64_t bytes) { return double(bytes) / 1e6; }

void ShowProgress(std::string_view stage, double fraction) {
  const bool terminal = StderrIsTerminal();
  const std::string line =
      fmt::format("{}loading: {} {:3.0f} %{}", terminal ? "\r\x1b[K" : "", stage, fraction * 100, terminal ? "" : "\n");
  std::fputs(line.c_str(), stderr);
}

std::string DescribeThreads(const engine::LoadReport& report) {
  std::string text = std::to_string(report.threads);
  if (report.threads_prefill != report.threads) text += fmt::format(" ({} in prefill)", report.threads_prefill);
  if (report.workers < std::max(report.threads, report.threads_prefill)) {
    text += fmt::format(" of which {} run, one for each CPU", report.workers);
  }
  return text;
}

// Where weights, keys and values lie on a machine with several memory nodes.
std::string DescribeNodes(const engine::LoadReport& report) {
  std::string text;
  for (uint32_t node = 0; node < 64; ++node) {
    if (report.memory_nodes >> node & 1) text += fmt::format("{}{}", text.empty() ? ", memory nodes: " : " ", node);
  }
  return text;
}

void ReportLoad(const LoadedModel& model) {
  const engine::LoadReport& report = model.engine->report();
  const std::string text =
      fmt::format("model: {}\nkernels: {}, threads: {}{}, weights: {}{}, head: {} ({}), loaded in {:.0f} ms\n{}\n{}\n",
                  model.path, report.kernels, DescribeThreads(report), DescribeNodes(report), report.weight_type,
                  report.streamed ? " (streamed)" : "", report.head_type, report.head_mode, report.load_ms,
                  DescribePlan(report.plan), DescribeLoading(report));
  std::fputs(text.c_str(), stderr);
}

void ReportPeakMemory(const LoadedModel& model) {
  if (model.engine->report().streamed) {
    const std::string line = DescribeStream(model.engine->Counters().stream) + "\n";
    std::fputs(line.c_str(), stderr);
  }
  const std::string line =
      fmt::format("peak resident memory: {:.1f} MB; {}\n", Megabytes(platform::ReadMemoryUsage().peak_resident_bytes),
                  DescribePlan(model.engine->report().plan));
  std::fputs(line.c_str(), stderr);
}

}  // namespace

std::string DescribePlan(const backend::MemoryPlan& plan) {
  std::string items;
  for (const auto& item : plan.items) {
    items += fmt::format("{}{} {:.1f} MB", items.empty() ? "" : ", ", item.what, Megabytes(item.bytes));
  }
  return fmt::format("memory plan: {:.1f} MB ({})", Megabytes(plan.TotalBytes()), items);
}

std::string DescribeLoading(const engine::LoadReport& report) {
  struct Tally {
    size_t tensors = 0;
    uint64_t bytes = 0;
  };
  std::map<model::LoadRule, Tally> tallies;
  for (const model::TensorPlacement& placement : report.placements) {
    Tally& tally = tallies[placement.rule];
    ++tally.tensors;
    tally.bytes += placement.bytes;
  }
  std::string text;
  for (const auto& [rule, tally] : tallies) {
    text += fmt::format("{}{} {} ({:.1f} MB)", text.empty() ? "" : ", ", model::LoadRuleName(rule), tally.tensors,
                        Megabytes(tally.bytes));
  }
  return fmt::format("matrices by the rule that placed them: {}; {} reads, {} at once", text, report.loading.reads,
                     report.loading.readers);
}

std::string DescribeStream(const memory::StreamCounters& stream) {
  return fmt::format(
      "streamed weights: {} parts were there when needed, {} were not; {} loads, {:.1f} MB read, waited "
      "{:.0f} ms",
      stream.hits, stream.misses, stream.loads, Megabytes(stream.bytes_read), double(stream.stall_ns) / 1e6);
}

Result<LoadedModel> LoadModel(const ModelFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const engine::EngineOptions options, flags.EngineOptions());
  return LoadModel(flags, options);
}

Result<LoadedModel> LoadModel(const ModelFlags& flags, const engine::EngineOptions& options) {
  LoadedModel model;
  STERNA_ASSIGN_OR_RETURN(model.path, flags.ModelPath());
  STERNA_ASSIGN_OR_RETURN(model.profile, flags.StartProfile());
  const monitor::Span span(model.track(), "load model");
  engine::EngineOptions with_progress = options;
  if (model.profile) with_progress.recorder = model.profile->recorder();
  const bool show = flags.verbose || StderrIsTerminal();
  if (show) with_progress.on_load_progress = ShowProgress;
  auto engine = engine::Engine::Load(model.path, with_progress);
  if (show && StderrIsTerminal()) std::fputs("\r\x1b[K", stderr);
  if (!engine.ok()) return engine.status();
  model.engine = std::move(*engine);
  STERNA_ASSIGN_OR_RETURN(model.session, model.engine->NewSession());
  if (flags.verbose) ReportLoad(model);
  return model;
}

Result<LoadedModel> LoadModelQuickly(const ModelFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions options, flags.EngineOptions());
  options.head_in_background = true;
  return LoadModel(flags, options);
}

Status EndRun(const ModelFlags& flags, const LoadedModel& model) {
  if (flags.verbose) ReportPeakMemory(model);
  return model.profile ? model.profile->Write(model.path, model.engine->report()) : Status();
}

}  // namespace sterna::cli
