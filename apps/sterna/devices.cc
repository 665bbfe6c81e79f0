// SPDX-License-Identifier: Apache-2.0
//
// sterna devices: what this machine has, which kernels run on it, and the limits measured now.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "exit_code.h"
#include "flag_set.h"
#include "kernels/dispatch.h"
#include "measure_bandwidth.h"
#include "measure_ternary.h"
#include "platform/cgroup.h"
#include "platform/cpu_features.h"
#include "platform/environment.h"
#include "platform/memory_usage.h"
#include "platform/topology.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kFewTokens = 16;

constexpr char kDevicesExamples[] =
    "  sterna devices\n"
    "  sterna devices --quick --json\n";

std::vector<std::string> SplitWords(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

ordered_json KernelTables(const kernels::KernelTable& chosen, uint64_t bits) {
  ordered_json tables = ordered_json::array();
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    tables.push_back({{"isa", table->isa},
                      {"runs", (table->needs & ~bits) == 0},
                      {"chosen", table == &chosen},
                      {"missing", SplitWords(platform::DescribeFeatures(table->needs & ~bits))}});
  }
  return tables;
}

Result<ordered_json> Measure(const kernels::KernelTable& table, uint32_t cores) {
  std::fputs("measuring memory and integer units ...\n", stderr);
  const std::vector<uint32_t> counts = ThreadCountsUpTo(cores);
  STERNA_ASSIGN_OR_RETURN(const BandwidthReport bandwidth, MeasureReadBandwidth(counts));
  ordered_json reads = ordered_json::array();
  for (const ReadBandwidth& read : bandwidth.by_threads) {
    reads.push_back({{"threads", read.threads}, {"gb_per_second", read.gb_per_second}});
  }
  ordered_json products = ordered_json::array(), peaks = ordered_json::array();
  for (const uint32_t threads : counts) {
    STERNA_ASSIGN_OR_RETURN(const double peak, MeasureIntegerPeak(table, threads));
    if (peak > 0) peaks.push_back({{"threads", threads}, {"multiply_adds_per_second", peak}});
    for (const size_t tokens : {size_t{1}, kFewTokens}) {
      STERNA_ASSIGN_OR_RETURN(const double macs, MeasureTernaryMacsPerSecond(table, threads, tokens));
      products.push_back({{"threads", threads}, {"tokens", tokens}, {"multiply_adds_per_second", macs}});
    }
  }
  return ordered_json{{"read_bandwidth", reads},
                      {"read_buffer_bytes", bandwidth.buffer_bytes},
                      {"read_buffer_huge_page_bytes", bandwidth.huge_page_bytes},
                      {"integer_peak", peaks},
                      {"ternary_linear", products}};
}

std::string Join(const ordered_json& words, const char* separator) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += separator;
    text += word.get<std::string>();
  }
  return text;
}

std::string DevicesForHumans(const ordered_json& report) {
  std::string text = fmt::format("cpu                {}\nfeatures           {}\nusable cores       {}\n",
                                 report["cpu"].get<std::string>(), Join(report["features"], " "),
                                 report["usable_cores"].get<uint32_t>());
  for (const auto& table : report["kernels"]) {
    const char* state = table["chosen"].get<bool>() ? "chosen" : (table["runs"].get<bool>() ? "runs" : "cannot run");
    text += fmt::format("kernels            {}: {}", table["isa"].get<std::string>(), state);
    if (!table["missing"].empty()) text += fmt::format(", lacks {}", Join(table["missing"], " "));
    text += '\n';
  }
  text += fmt::format("memory available   {:.1f} GB\n", double(report["memory_available_bytes"].get<uint64_t>()) / 1e9);
  if (const ordered_json& rest = report["memory_left_in_cgroup_bytes"]; !rest.is_null()) {
    text += fmt::format("memory in cgroup   {:.1f} GB left\n", double(rest.get<uint64_t>()) / 1e9);
  }
  if (!report.contains("limits")) return text;
  const ordered_json& limits = report["limits"];
  for (const auto& read : limits["read_bandwidth"]) {
    text += fmt::format("memory read        {:6.1f} GB/s with {} thread(s)\n", read["gb_per_second"].get<double>(),
                        read["threads"].get<uint32_t>());
  }
  text += fmt::format("                   over {:.0f} MB, {:.0f} MB of it in 2 MB pages\n",
                      double(limits["read_buffer_bytes"].get<uint64_t>()) / 1e6,
                      double(limits["read_buffer_huge_page_bytes"].get<uint64_t>()) / 1e6);
  for (const auto& one : limits["integer_peak"]) {
    text += fmt::format("integer units      {:6.1f} G multiply-adds/s with {} thread(s), registers only\n",
                        one["multiply_adds_per_second"].get<double>() / 1e9, one["threads"].get<uint32_t>());
  }
  for (const auto& one : limits["ternary_linear"]) {
    text += fmt::format("ternary products   {:6.1f} G multiply-adds/s with {} thread(s), {} token(s) at a time\n",
                        one["multiply_adds_per_second"].get<double>() / 1e9, one["threads"].get<uint32_t>(),
                        one["tokens"].get<uint32_t>());
  }
  return text;
}

Status Devices(bool quick, bool json) {
  const platform::CpuFeatures cpu = platform::DetectCpu();
  const std::string forced = platform::GetEnvironment("STERNA_ISA").value_or("");
  STERNA_ASSIGN_OR_RETURN(const kernels::KernelTable* table, kernels::SelectKernels(cpu.bits, forced));
  const uint32_t cores = platform::UsableCores();
  ordered_json report = {{"cpu", cpu.brand},
                         {"features", SplitWords(platform::DescribeFeatures(cpu.bits))},
                         {"usable_cores", cores},
                         {"kernels", KernelTables(*table, cpu.bits)},
                         {"memory_available_bytes", platform::AvailableMemoryBytes()},
                         {"memory_left_in_cgroup_bytes", nullptr}};
  if (const auto rest = platform::CgroupMemoryRest()) report["memory_left_in_cgroup_bytes"] = *rest;
  if (!quick) {
    STERNA_ASSIGN_OR_RETURN(report["limits"], Measure(*table, cores));
  }
  ResultStream out;
  out.Write(json ? report.dump(2) + "\n" : DevicesForHumans(report));
  return out.status();
}

}  // namespace

int DevicesVerb(Words words) {
  bool quick = false, json = false, verbose = false;
  FlagSet flags("devices", "Say what this machine has, which kernels run on it, and what it can do at most.",
                kDevicesExamples);
  flags.AddSwitch("--quick", &quick, "Measure nothing");
  flags.AddSwitch("--json", &json, "Print one JSON object");
  flags.AddSwitch("-v,--verbose", &verbose, "Log more on stderr");
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Devices(quick, json));
}

}  // namespace sterna::cli
