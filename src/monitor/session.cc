// SPDX-License-Identifier: Apache-2.0
#include "monitor/session.h"

#include "base/status_macros.h"
#include "monitor/reports.h"

namespace sterna::monitor {

SessionOptions SessionOptionsOf(const ProfileConfig& config) {
  return {.detailed = config.enable_detailed_timing,
          .sampling = config.enable_memory_tracking,
          .sample_frequency_hz = config.sample_frequency_hz};
}

Session::Session(const SessionOptions& options)
    : recorder_(std::make_shared<Recorder>(RecorderOptions{.detailed = options.detailed})),
      sampler_(recorder_->clock(), options.sample_frequency_hz, [this](int64_t) { return ReadNow(); }) {}

Sample Session::ReadNow() {
  const std::lock_guard lock(probe_mutex_);
  return probe_.Read(recorder_->clock().NowNs());
}

Result<std::unique_ptr<Session>> Session::Start(const SessionOptions& options) {
  STERNA_RETURN_IF_ERROR(Sampler::CheckFrequency(options.sample_frequency_hz));
  std::unique_ptr<Session> session(new Session(options));
  if (options.sampling) STERNA_RETURN_IF_ERROR(session->sampler_.Start());
  return session;
}

void Session::StopSampling() {
  end_ns_ = recorder_->clock().NowNs();
  sampler_.Stop();
}

Profile Session::Snapshot(std::vector<std::pair<std::string, std::string>> about, const MachineLimits& limits) const {
  std::vector<std::string> missing;
  for (const std::string& why : {probe_.no_hardware(), probe_.no_energy()}) {
    if (!why.empty()) missing.push_back(why);
  }
  return {.recorder = *recorder_,
          .end_ns = end_ns_ != 0 ? end_ns_ : recorder_->clock().NowNs(),
          .samples = sampler_.samples(),
          .samples_taken = sampler_.taken(),
          .sample_frequency_hz = sampler_.frequency_hz(),
          .has_hardware = probe_.has_hardware(),
          .has_energy = probe_.has_energy(),
          .missing = std::move(missing),
          .about = std::move(about),
          .limits = limits};
}

std::string Session::Report(const ProfileConfig& config) const {
  Profile profile = Snapshot({}, {});
  if (config.enable_gpu_metrics) profile.missing.emplace_back(kNoGpu);
  switch (config.output_format) {
    case ProfileFormat::Json: break;
    case ProfileFormat::ChromeTrace: return ChromeTrace(profile);
    case ProfileFormat::Html: return HtmlReport(profile);
  }
  return JsonReport(profile);
}

}  // namespace sterna::monitor
