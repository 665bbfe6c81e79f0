// SPDX-License-Identifier: Apache-2.0
#include "run_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/status_macros.h"
#include "batch/output_file.h"
#include "measure_bandwidth.h"
#include "measure_ternary.h"
#include "monitor/reports.h"
#include "platform/cpu_features.h"

namespace sterna::cli {
namespace {

constexpr std::string_view kDefaultName = "sterna-profile";

std::string WithoutEnding(const std::string& path) {
  for (const std::string_view ending : {".trace.json", ".json", ".html"}) {
    if (path.size() > ending.size() && path.ends_with(ending)) return path.substr(0, path.size() - ending.size());
  }
  return path;
}

std::string Threads(const engine::LoadReport& report) {
  if (report.threads == report.threads_prefill) return std::to_string(report.threads);
  return fmt::format("{} ({} in prefill)", report.threads, report.threads_prefill);
}

Result<monitor::MachineLimits> MeasureLimits(const engine::LoadReport& report) {
  monitor::MachineLimits limits;
  STERNA_ASSIGN_OR_RETURN(const BandwidthReport bandwidth, MeasureReadBandwidth({report.workers}));
  limits.read_gb_per_second = bandwidth.by_threads[0].gb_per_second;
  STERNA_ASSIGN_OR_RETURN(const double peak, MeasureIntegerPeakOf(report.kernels, report.threads));
  limits.gmac_per_second = peak / 1e9;
  return limits;
}

}  // namespace

ProfilePaths ProfilePathsOf(const std::string& path) {
  std::error_code error;
  const bool folder = path.ends_with('/') || std::filesystem::is_directory(path, error);
  const std::string base = folder ? (std::filesystem::path(path) / kDefaultName).string() : WithoutEnding(path);
  return {.json = base + ".json", .trace = base + ".trace.json", .html = base + ".html"};
}

std::optional<std::string> ProfilePathFromVariable(const std::string& value) {
  constexpr std::array<std::string_view, 5> no = {"", "0", "false", "no", "off"};
  constexpr std::array<std::string_view, 4> yes = {"1", "true", "yes", "on"};
  if (std::find(no.begin(), no.end(), value) != no.end()) return std::nullopt;
  if (std::find(yes.begin(), yes.end(), value) != yes.end()) return std::string(kDefaultName);
  return value;
}

RunProfile::RunProfile(ProfilePaths paths, std::unique_ptr<monitor::Session> session, bool timing)
    : paths_(std::move(paths)),
      session_(std::move(session)),
      timing_(timing),
      track_(timing ? session_->recorder().AddTrack("program") : nullptr) {}

Result<std::unique_ptr<RunProfile>> RunProfile::Start(const std::string& path, const ProfileConfig& config) {
  ProfilePaths paths = ProfilePathsOf(path);
  const std::filesystem::path folder = std::filesystem::path(paths.json).parent_path();
  std::error_code error;
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return Status::InvalidArgument(
        fmt::format("--profile: there is no folder '{}' to write reports to; make it first", folder.string()));
  }
  STERNA_ASSIGN_OR_RETURN(std::unique_ptr<monitor::Session> session,
                          monitor::Session::Start(monitor::SessionOptionsOf(config)));
  return std::unique_ptr<RunProfile>(new RunProfile(std::move(paths), std::move(session), config.enable_timing));
}

Status RunProfile::Write(const std::string& model_path, const engine::LoadReport& report) {
  session_->StopSampling();
  STERNA_ASSIGN_OR_RETURN(const monitor::MachineLimits limits, MeasureLimits(report));
  const monitor::Profile profile =
      session_->Snapshot({{"model", model_path},
                          {"weights", report.weight_type},
                          {"head", fmt::format("{} ({})", report.head_type, report.head_mode)},
                          {"cpu", platform::DetectCpu().brand},
                          {"kernels", report.kernels},
                          {"threads", Threads(report)},
                          {"version", STERNA_VERSION}},
                         limits);
  STERNA_RETURN_IF_ERROR(batch::ReplaceFile(paths_.json, monitor::JsonReport(profile)));
  STERNA_RETURN_IF_ERROR(batch::ReplaceFile(paths_.trace, monitor::ChromeTrace(profile)));
  STERNA_RETURN_IF_ERROR(batch::ReplaceFile(paths_.html, monitor::HtmlReport(profile)));
  const std::string line = fmt::format("sterna: profile: {}, {}, {}\n", paths_.html, paths_.json, paths_.trace);
  std::fputs(line.c_str(), stderr);
  return {};
}

}  // namespace sterna::cli
