// SPDX-License-Identifier: Apache-2.0
#include "sterna/profiling.h"

#include <atomic>
#include <utility>

#include "base/status_macros.h"
#include "monitor/listeners.h"
#include "monitor/session.h"
#include "monitor/summary.h"
#include "monitor/thread_tracks.h"

namespace sterna {
namespace {

using monitor::Listener;

double TokensDrawn(const monitor::Recorder& recorder) {
  uint64_t tokens = 0;
  for (const monitor::StepRow& step : monitor::StepRows(recorder)) tokens += step.tokens;
  return double(tokens);
}

}  // namespace

struct Profiler::State {
  State(const ProfileConfig& profile_config, std::unique_ptr<monitor::Session> its_session)
      : config(profile_config),
        session(std::move(its_session)),
        listens(monitor::Listen(Listener::kProfiler, session->shared_recorder())),
        tracks(session->recorder()) {}
  ~State() { monitor::StopListening(session->recorder()); }

  Result<double> Tokens() const {
    const bool heard = listens && monitor::CurrentListener() == session->shared_recorder();
    if (heard) return TokensDrawn(session->recorder());
    return Status::Unavailable("tokens: another profiler or profiling session listens to the engines");
  }

  Result<double> HardwareMetric(MetricType type) const {
    const monitor::ProcessProbe& probe = session->probe();
    const bool counted = type == MetricType::Joules ? probe.has_energy() : probe.has_hardware();
    if (!counted) return Status::Unavailable(type == MetricType::Joules ? probe.no_energy() : probe.no_hardware());
    const monitor::Sample now = session->ReadNow();
    if (type == MetricType::Joules) return now.joules;
    if (type == MetricType::Cycles) return double(now.hardware.cycles);
    return double(now.hardware.cache_references) - double(now.hardware.cache_misses);
  }

  const ProfileConfig config;
  const std::unique_ptr<monitor::Session> session;
  const bool listens;
  monitor::ThreadTracks tracks;
  std::atomic<int64_t> outer_ns = 0;  // of operations that are in no other
};

Profiler::Profiler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Profiler::Profiler(Profiler&&) noexcept = default;
Profiler& Profiler::operator=(Profiler&&) noexcept = default;
Profiler::~Profiler() = default;

Result<Profiler> Profiler::create() { return with_config({}); }

Result<Profiler> Profiler::with_config(ProfileConfig config) {
  STERNA_ASSIGN_OR_RETURN(std::unique_ptr<monitor::Session> session,
                          monitor::Session::Start(monitor::SessionOptionsOf(config)));
  return Profiler(std::make_unique<State>(config, std::move(session)));
}

void Profiler::start_operation(std::string_view name) {
  if (!state_->config.enable_timing) return;
  if (monitor::Track* const track = state_->tracks.Mine()) track->Begin(track->Intern(name));
}

Result<std::chrono::nanoseconds> Profiler::end_operation() {
  if (!state_->config.enable_timing) return std::chrono::nanoseconds(0);
  monitor::Track* const track = state_->tracks.Mine();
  const std::optional<int64_t> duration_ns = track != nullptr ? track->End() : std::nullopt;
  if (!duration_ns) {
    return Status::FailedPrecondition("no operation was started in this thread; call start_operation before");
  }
  if (track->depth() == 0) state_->outer_ns += *duration_ns;
  return std::chrono::nanoseconds(*duration_ns);
}

Result<double> Profiler::metric(MetricType type) const {
  switch (type) {
    case MetricType::Time: return double(state_->outer_ns) / 1e9;
    case MetricType::Bytes: return double(state_->session->ReadNow().usage.resident_bytes);
    case MetricType::Allocations: return Status::Unavailable("allocations are not counted");
    case MetricType::Tokens: return state_->Tokens();
    case MetricType::CacheHits:
    case MetricType::Cycles:
    case MetricType::Joules: return state_->HardwareMetric(type);
    case MetricType::GpuTime:
    case MetricType::GpuMemory:
    case MetricType::Temperature: break;
  }
  return Status::Unavailable(monitor::kNoGpu);
}

struct ProfilingSession::State {
  ~State() { monitor::StopListening(session->recorder()); }

  ProfileConfig config;
  std::unique_ptr<monitor::Session> session;
};

ProfilingSession::ProfilingSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProfilingSession::ProfilingSession(ProfilingSession&&) noexcept = default;
ProfilingSession& ProfilingSession::operator=(ProfilingSession&&) noexcept = default;
ProfilingSession::~ProfilingSession() = default;

Result<ProfilingSession> ProfilingSession::create(ProfileConfig config) {
  STERNA_ASSIGN_OR_RETURN(std::unique_ptr<monitor::Session> session,
                          monitor::Session::Start(monitor::SessionOptionsOf(config)));
  // Without timing it does not listen: nothing but samples is recorded.
  if (config.enable_timing && !monitor::Listen(Listener::kSession, session->shared_recorder())) {
    return Status::FailedPrecondition("another profiling session is open in this process; end it first");
  }
  return ProfilingSession(std::unique_ptr<State>(new State{config, std::move(session)}));
}

Result<std::string> ProfilingSession::generate_report() { return state_->session->Report(state_->config); }

}  // namespace sterna
