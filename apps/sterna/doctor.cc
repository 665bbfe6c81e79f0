// SPDX-License-Identifier: Apache-2.0
//
// sterna doctor: whether this machine, this installation and a model work together.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "doctor_checks.h"
#include "exit_code.h"
#include "flag_set.h"
#include "json_text.h"
#include "kernels/dispatch.h"
#include "measure_bandwidth.h"
#include "measure_ternary.h"
#include "model_flags.h"
#include "platform/cpu_features.h"
#include "platform/environment.h"
#include "platform/topology.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kDoctorExamples[] =
    "  sterna doctor\n"
    "  sterna doctor --quick -m model.gguf\n"
    "  sterna doctor --benchmark --json\n";

struct DoctorFlags {
  ModelFlags model;
  bool quick = false, benchmark = false, json = false;
};

const char* StateName(Finding::State state) {
  if (state == Finding::State::kOk) return "ok";
  return state == Finding::State::kNote ? "note" : "FAULT";
}

// What the hardware gives at most, with all usable cores.
Result<std::vector<Finding>> Measure(const kernels::KernelTable& table) {
  const uint32_t cores = platform::UsableCores();
  STERNA_ASSIGN_OR_RETURN(const BandwidthReport bandwidth, MeasureReadBandwidth({cores}));
  STERNA_ASSIGN_OR_RETURN(const double macs, MeasureTernaryMacsPerSecond(table, cores, 1));
  return std::vector<Finding>{
      {"memory speed", Finding::State::kOk,
       fmt::format("{:.1f} GB/s with {} thread(s)", bandwidth.by_threads.at(0).gb_per_second, cores)},
      {"product speed", Finding::State::kOk,
       fmt::format("{:.1f} G multiply-adds/s with {} thread(s) of {}", macs / 1e9, cores, table.isa)}};
}

Result<std::vector<Finding>> Examine(const DoctorFlags& flags) {
  const uint64_t cpu_bits = platform::DetectCpu().bits;
  const std::string forced = platform::GetEnvironment("STERNA_ISA").value_or("");
  STERNA_ASSIGN_OR_RETURN(const kernels::KernelTable* chosen, kernels::SelectKernels(cpu_bits, forced));
  std::vector<Finding> findings;
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    if ((table->needs & ~cpu_bits) == 0) findings.push_back(CheckKernels(*table));
  }
  findings.push_back(CheckMemory());
  for (Finding& finding : CheckModel(flags.model, !flags.quick)) findings.push_back(std::move(finding));
  findings.push_back(CheckDisk());
  if (!flags.quick) findings.push_back(CheckHub());
  if (flags.benchmark) {
    STERNA_ASSIGN_OR_RETURN(const std::vector<Finding> measured, Measure(*chosen));
    findings.insert(findings.end(), measured.begin(), measured.end());
  }
  return findings;
}

std::string Show(const std::vector<Finding>& findings, bool as_json) {
  ordered_json json = {{"healthy", true}, {"checks", ordered_json::array()}};
  std::string lines;
  for (const Finding& finding : findings) {
    if (finding.state == Finding::State::kFault) json["healthy"] = false;
    json["checks"].push_back({{"what", finding.what},
                              {"state", finding.state == Finding::State::kFault ? "fault" : StateName(finding.state)},
                              {"detail", finding.detail}});
    lines += fmt::format("{:<6} {:<18} {}\n", StateName(finding.state), finding.what, EscapeControls(finding.detail));
  }
  return as_json ? JsonText(json) : lines;
}

Status Doctor(const DoctorFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const std::vector<Finding> findings, Examine(flags));
  ResultStream out;
  out.Write(Show(findings, flags.json));
  std::string faults;
  for (const Finding& finding : findings) {
    if (finding.state == Finding::State::kFault) faults += (faults.empty() ? "" : ", ") + finding.what;
  }
  if (!faults.empty()) return Status::Unavailable(fmt::format("faults: {}; the lines on stdout say more", faults));
  return out.status();
}

}  // namespace

int DoctorVerb(Words words) {
  DoctorFlags doctor;
  FlagSet flags("doctor",
                "Checks kernels, memory, a model, the disk and the hub. A fault is exit code 1; that the hub cannot be "
                "reached is a note.",
                kDoctorExamples);
  flags.AddSwitch("--quick", &doctor.quick, "Leave out the scalar kernels' tokens and the hub");
  flags.AddSwitch("--benchmark", &doctor.benchmark, "Measure memory and products as well");
  flags.AddSwitch("--json", &doctor.json, "Print one JSON object");
  doctor.model.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Doctor(doctor));
}

}  // namespace sterna::cli
