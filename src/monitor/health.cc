// SPDX-License-Identifier: Apache-2.0
#include "monitor/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace sterna {

std::string_view to_string(HealthState state) {
  switch (state) {
    case HealthState::Healthy: return "healthy";
    case HealthState::Degraded: return "degraded";
    case HealthState::Unhealthy: return "unhealthy";
  }
  return "unknown";
}

namespace monitor {

using std::chrono::nanoseconds;

HealthMonitor::HealthMonitor(std::string whose, const HealthRules& rules, const Clock& clock, Read read)
    : whose_(std::move(whose)), rules_(rules), clock_(clock), read_(std::move(read)) {}

void HealthMonitor::NoteRequest(std::optional<double> first_token_ms, bool failed) {
  const std::lock_guard lock(mutex_);
  const int64_t now_ns = clock_.NowNs();
  DropOld(now_ns);
  if (requests_.size() == kMostRequests) requests_.pop_front();
  requests_.push_back({now_ns, first_token_ms, failed});
}

HealthStatus HealthMonitor::Look() {
  const int64_t now_ns = clock_.NowNs();
  std::unique_lock lock(mutex_);
  const bool check = IsDue(checked_ns_, rules_.check_interval, now_ns);
  const bool probe = IsDue(probed_ns_, rules_.probe_interval, now_ns);
  if (!check && !probe) return StatusNow();
  lock.unlock();  // a reading may wait for the thread that notes requests
  const HealthReading reading = read_();
  lock.lock();
  const HealthStatus before = StatusNow();
  if (check) {
    checked_ns_ = now_ns;
    DropOld(now_ns);
    CheckThresholds(reading);
  }
  if (probe) {
    probed_ns_ = now_ns;
    Probe(reading);
  }
  HealthStatus now = StatusNow();
  LogChange(before, now);
  return now;
}

bool HealthMonitor::IsDue(const std::optional<int64_t>& last_ns, std::chrono::milliseconds interval,
                          int64_t now_ns) const {
  return !last_ns || now_ns - *last_ns >= nanoseconds(interval).count();
}

void HealthMonitor::DropOld(int64_t now_ns) {
  while (!requests_.empty() && now_ns - requests_.front().time_ns > nanoseconds(kWindow).count()) requests_.pop_front();
}

void HealthMonitor::CheckThresholds(const HealthReading& reading) {
  reasons_.memory = reasons_.latency = reasons_.errors = "";
  if (reading.memory_share > rules_.memory_share) {
    reasons_.memory =
        fmt::format("memory: {:.0f} % in use, over {:.0f} %", reading.memory_share * 100, rules_.memory_share * 100);
  }
  if (const auto slow_ms = SlowFirstTokenMs(); slow_ms && *slow_ms > rules_.latency_ms) {
    reasons_.latency =
        fmt::format("latency: one request in twenty waits {:.0f} ms or more for its first token, over {}", *slow_ms,
                    rules_.latency_ms);
  }
  if (const double rate = ErrorRate(); rate > rules_.error_rate) {
    reasons_.errors =
        fmt::format("errors: {:.1f} % of requests failed, over {:.1f} %", rate * 100, rules_.error_rate * 100);
  }
}

// The very step that had begun at the last probe has not ended.
void HealthMonitor::Probe(const HealthReading& reading) {
  const bool stalled = probed_.in_step && reading.in_step && probed_.steps == reading.steps;
  reasons_.stalled =
      stalled ? fmt::format("stalled worker: a step has not ended for {} ms", rules_.probe_interval.count()) : "";
  probed_ = reading;
}

std::optional<double> HealthMonitor::SlowFirstTokenMs() const {
  std::vector<double> times_ms;
  times_ms.reserve(requests_.size());
  for (const Request& request : requests_) {
    if (request.first_token_ms) times_ms.push_back(*request.first_token_ms);
  }
  if (times_ms.empty()) return std::nullopt;
  const auto slow = times_ms.begin() + std::ptrdiff_t((times_ms.size() * 19 + 19) / 20 - 1);
  std::nth_element(times_ms.begin(), slow, times_ms.end());
  return *slow;
}

double HealthMonitor::ErrorRate() const {
  if (requests_.size() < kFewestForErrors) return 0;
  const auto failed = std::count_if(requests_.begin(), requests_.end(), [](const Request& r) { return r.failed; });
  return double(failed) / double(requests_.size());
}

HealthStatus HealthMonitor::StatusNow() const {
  HealthStatus status;
  for (const std::string* reason : {&reasons_.stalled, &reasons_.memory, &reasons_.latency, &reasons_.errors}) {
    if (!reason->empty()) status.reasons.push_back(*reason);
  }
  if (!status.reasons.empty()) status.state = HealthState::Degraded;
  if (!reasons_.stalled.empty()) status.state = HealthState::Unhealthy;
  return status;
}

// Numbers change all the time; what is told is which thresholds are crossed.
void HealthMonitor::LogChange(const HealthStatus& before, const HealthStatus& now) const {
  if (before.state == now.state && before.reasons.size() == now.reasons.size()) return;
  const LogLevel level = now.state == HealthState::Healthy ? LogLevel::kInfo : LogLevel::kWarn;
  Log(level, "monitor",
      fmt::format("{} is {}{}{}", whose_, to_string(now.state), now.reasons.empty() ? "" : ": ",
                  fmt::join(now.reasons, "; ")));
}

}  // namespace monitor
}  // namespace sterna
