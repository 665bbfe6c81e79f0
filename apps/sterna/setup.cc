// SPDX-License-Identifier: Apache-2.0
//
// sterna setup: looks at this machine and writes a configuration file for it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "built_in_model.h"
#include "config/config_file.h"
#include "config/recommend.h"
#include "config/resolve.h"
#include "exit_code.h"
#include "flag_set.h"
#include "json_text.h"
#include "kernels/dispatch.h"
#include "line_reader.h"
#include "platform/cpu_features.h"
#include "platform/environment.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kSetupExamples[] =
    "  sterna setup\n"
    "  sterna setup --check-only\n"
    "  sterna setup --yes --config sterna.toml\n";

struct SetupFlags {
  std::optional<std::string> file;
  bool yes = false, check_only = false, json = false;
};

// A recommendation beside what the file says already, which stays.
struct PlannedLine {
  config::Recommendation recommended;
  std::optional<std::string> there;
};

struct Plan {
  std::string cpu, kernels, model, path;
  config::MachineFacts machine;
  std::vector<PlannedLine> lines;

  bool ChangesAnything() const {
    return std::any_of(lines.begin(), lines.end(), [](const PlannedLine& line) { return !line.there; });
  }
};

Result<std::string> PathToWrite(const SetupFlags& flags) {
  if (flags.file) return *flags.file;
  if (const auto named = platform::GetEnvironment("STERNA_CONFIG"); named && !named->empty()) return *named;
  if (const auto user = config::UserFile()) return *user;
  return Status::InvalidArgument("nothing says where the file belongs; give --config FILE or set HOME");
}

// What a file says of a key. A file that is wrong is an error, one that is not there says nothing.
Result<std::vector<config::Assignment>> ReadExisting(const std::string& path) {
  auto entries = config::ReadConfigFile(path);
  if (!entries.ok() && entries.status().code() == StatusCode::kNotFound) return std::vector<config::Assignment>{};
  return entries;
}

Result<Plan> MakePlan(const SetupFlags& flags) {
  Plan plan;
  STERNA_ASSIGN_OR_RETURN(plan.path, PathToWrite(flags));
  STERNA_ASSIGN_OR_RETURN(const auto entries, ReadExisting(plan.path));
  const platform::CpuFeatures cpu = platform::DetectCpu();
  STERNA_ASSIGN_OR_RETURN(const kernels::KernelTable* table, kernels::SelectKernels(cpu.bits, ""));
  const auto model = FindBuiltInModel();
  plan.cpu = cpu.brand;
  plan.kernels = table->isa;
  plan.model = model.ok() ? *model : "none is installed; sterna pull fetches one";
  plan.machine = config::DetectMachine();
  for (config::Recommendation& recommended : config::Recommend(plan.machine)) {
    PlannedLine line{std::move(recommended), {}};
    for (const config::Assignment& entry : entries) {
      if (entry.key == line.recommended.key) line.there = entry.text;
    }
    plan.lines.push_back(std::move(line));
  }
  return plan;
}

std::string ForPeople(const Plan& plan) {
  std::string text =
      fmt::format("cpu      {}\ncores    {}\nmemory   {:.1f} GB free\nkernels  {}\nmodel    {}\nfile     {}\n",
                  plan.cpu, plan.machine.cores, double(plan.machine.memory_bytes) / 1e9, plan.kernels,
                  EscapeControls(plan.model), EscapeControls(plan.path));
  for (const PlannedLine& line : plan.lines) {
    const config::Recommendation& r = line.recommended;
    text += line.there ? fmt::format("keep     {} = {}\n", r.key, EscapeControls(*line.there))
                       : fmt::format("set      {} = {}  ({})\n", r.key, r.value, r.why);
  }
  return text;
}

std::string ForPrograms(const Plan& plan, bool written) {
  ordered_json settings = ordered_json::array();
  for (const PlannedLine& line : plan.lines) {
    const config::Recommendation& r = line.recommended;
    settings.push_back({{"key", r.key}, {"recommended", r.value}, {"why", r.why}, {"there", nullptr}});
    if (line.there) settings.back()["there"] = *line.there;
  }
  const ordered_json json = {
      {"cpu", plan.cpu},         {"cores", plan.machine.cores}, {"memory_free_bytes", plan.machine.memory_bytes},
      {"kernels", plan.kernels}, {"model", plan.model},         {"file", plan.path},
      {"settings", settings},    {"written", written}};
  return JsonText(json);
}

Result<bool> Asked(const std::string& path) {
  if (!StdinIsTerminal()) {
    return Status::InvalidArgument("stdin is no terminal to ask on; give --yes to write, or --check-only");
  }
  std::fputs(fmt::format("Write this to '{}'? [y/N] ", EscapeControls(path)).c_str(), stderr);
  STERNA_ASSIGN_OR_RETURN(const auto answer, LineReader::ForStdin()->Next());
  return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

Status Write(const Plan& plan) {
  for (const PlannedLine& line : plan.lines) {
    if (line.there) continue;
    STERNA_RETURN_IF_ERROR(config::SetInFile(plan.path, line.recommended.key, line.recommended.value));
  }
  return {};
}

Status Setup(const SetupFlags& flags) {
  if (flags.yes && flags.check_only) {
    return Status::InvalidArgument("--yes and --check-only contradict each other; give one");
  }
  STERNA_ASSIGN_OR_RETURN(const Plan plan, MakePlan(flags));
  ResultStream out;
  if (!flags.json) out.Write(ForPeople(plan));
  bool write = plan.ChangesAnything() && !flags.check_only;
  if (write && !flags.yes) {
    STERNA_ASSIGN_OR_RETURN(write, Asked(plan.path));
  }
  if (write) STERNA_RETURN_IF_ERROR(Write(plan));
  if (flags.json) out.Write(ForPrograms(plan, write));
  if (!flags.json)
    out.Write(write ? "written; sterna tune finds the fastest settings for a model\n" : "nothing was written\n");
  return out.status();
}

}  // namespace

int SetupVerb(Words words) {
  SetupFlags setup;
  FlagSet flags(
      "setup", "Looks at this machine and writes a configuration file that suits it. What the file says already stays.",
      kSetupExamples);
  flags.AddSwitch("--yes", &setup.yes, "Write without asking");
  flags.AddSwitch("--check-only", &setup.check_only, "Write nothing, only say what would be written");
  flags.AddText("--config", "FILE", &setup.file,
                "The file to write [default: STERNA_CONFIG, else ~/.config/sterna/sterna.toml]");
  flags.AddSwitch("--json", &setup.json, "Print one JSON object");
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Setup(setup));
}

}  // namespace sterna::cli
