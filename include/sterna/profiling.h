// SPDX-License-Identifier: Apache-2.0
//
// What a program can learn of its own run: operations that it names itself (Profiler), and everything that engines do
// while a session is open (ProfilingSession). docs/profiling.md says what the reports hold.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sterna/profile_config.h"
#include "sterna/status.h"

namespace sterna {

// What Profiler::metric gives.
enum class MetricType : uint8_t {
  Time,         // seconds in operations that ended; those inside others are not counted twice
  Bytes,        // resident memory of the process now
  Allocations,  // Unavailable: not counted
  Tokens,       // drawn by engines since the profiler was made; Unavailable while another listens to them
  CacheHits,    // of the last cache before memory, by hardware counters
  Cycles,       // of the CPU in user space, by hardware counters
  GpuTime,      // Unavailable without a GPU backend, as the next two
  GpuMemory,
  Temperature,
  Joules,  // that the CPU packages took since the profiler was made
};

// Operations of one's own, timed. Each thread has its own nest of them: start and end pair up within a thread. Starting
// and ending takes no lock, and no memory but for the first operation of a name in a thread. Thread-safe.
class Profiler {
 public:
  static Result<Profiler> create();
  // InvalidArgument for a sample_frequency_hz outside 1..10000; ResourceExhausted when the system gives no thread.
  static Result<Profiler> with_config(ProfileConfig config);
  Profiler(Profiler&& other) noexcept;
  Profiler& operator=(Profiler&& other) noexcept;
  ~Profiler();

  // With enable_timing off nothing is noted, and ending gives 0.
  void start_operation(std::string_view name);
  // Ends what this thread started last and has not ended, and says how long it took. FailedPrecondition when there is
  // nothing to end.
  Result<std::chrono::nanoseconds> end_operation();
  // Unavailable says why a metric is not there.
  Result<double> metric(MetricType type) const;

 private:
  struct State;
  explicit Profiler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Records the process: each engine's loading, steps and operations, and samples with enable_memory_tracking. One can be
// open at a time. Engines that were loaded before are heard from their next step on.
class ProfilingSession {
 public:
  // FailedPrecondition while another session is open; otherwise as Profiler::with_config.
  static Result<ProfilingSession> create(ProfileConfig config);
  ProfilingSession(ProfilingSession&& other) noexcept;
  ProfilingSession& operator=(ProfilingSession&& other) noexcept;
  ~ProfilingSession();

  // What was recorded up to now, in the configuration's output_format. May be called again.
  Result<std::string> generate_report();

 private:
  struct State;
  explicit ProfilingSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sterna
