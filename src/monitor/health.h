// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "monitor/clock.h"
#include "sterna/health.h"

namespace sterna::monitor {

// What counts as well. A value over its threshold does not.
struct HealthRules {
  double memory_share = 0.9;
  double latency_ms = 1000;  // the time to the first token that 95 % of requests keep to
  double error_rate = 0.01;
  std::chrono::milliseconds check_interval{10'000};  // between looks at these
  std::chrono::milliseconds probe_interval{30'000};  // between looks for steps that do not end
};

// What is there to be seen of an engine.
struct HealthReading {
  double memory_share = 0;  // in use, of what there may be
  uint64_t steps = 0;       // that ended, since it began
  bool in_step = false;     // another one has begun
};

// Judges by requests of the last minute and by readings. Nothing happens by itself: whoever asks makes it look, at most
// once an interval; a change is logged. Thread-safe.
class HealthMonitor {
 public:
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr size_t kFewestForErrors = 100;   // requests in the window, else their errors say nothing
  static constexpr size_t kMostRequests = 1 << 14;  // kept; the oldest go

  using Read = std::function<HealthReading()>;
  // `clock` outlives it; `read` is called by whoever asks. `whose` begins what is logged: "instance 0".
  HealthMonitor(std::string whose, const HealthRules& rules, const Clock& clock, Read read);

  // A request ended. It may have drawn no token.
  void NoteRequest(std::optional<double> first_token_ms, bool failed);
  // As of now, or of an interval ago.
  HealthStatus Look();

 private:
  struct Request {
    int64_t time_ns;
    std::optional<double> first_token_ms;
    bool failed;
  };
  struct Reasons {  // empty: well
    std::string memory, latency, errors, stalled;
  };

  bool IsDue(const std::optional<int64_t>& last_ns, std::chrono::milliseconds interval, int64_t now_ns) const;
  void DropOld(int64_t now_ns);
  void CheckThresholds(const HealthReading& reading);
  void Probe(const HealthReading& reading);
  std::optional<double> SlowFirstTokenMs() const;
  double ErrorRate() const;
  HealthStatus StatusNow() const;
  void LogChange(const HealthStatus& before, const HealthStatus& now) const;

  const std::string whose_;
  const HealthRules rules_;
  const Clock& clock_;
  const Read read_;

  std::mutex mutex_;  // guards all below
  std::deque<Request> requests_;
  Reasons reasons_;
  std::optional<int64_t> checked_ns_, probed_ns_;
  HealthReading probed_;  // as it was at the last probe
};

}  // namespace sterna::monitor
