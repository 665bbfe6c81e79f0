// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitor/profile.h"
#include "unit/monitor/hand_clock.h"

namespace sterna::monitor {

// A made-up run of two steps on a clock that stands still in between: a prompt of 8 rows, then one token.
class RecordedRun {
 public:
  explicit RecordedRun(bool detailed = false) : recorder_({.detailed = detailed, .clock = &clock_}) {
    Track* const program = recorder_.AddTrack("program");
    Track* const engine = recorder_.AddTrack("engine \"one\"");
    {
      const Span answer(program, "answer");
      Step(engine, 8, 0, 100);
      Step(engine, 1, 1, 30);
      clock_.Move(5);
    }
    recorder_.AddOperation("prompt", "q k v")->Add(75, 300, 1500);
    recorder_.AddOperation("prompt", "head")->Add(25, 50, 50);
    recorder_.AddOperation("generation", "head")->Add(30, 60, 60);
    recorder_.AddOperation("generation", "q k v");  // never called
  }

  Profile profile() const {
    const int64_t start = recorder_.start_ns();
    return {.recorder = recorder_,
            .end_ns = clock_.NowNs(),
            .samples = {{.time_ns = start, .usage = {.resident_bytes = 1000, .user_cpu_ns = 0}, .hardware = {}},
                        {.time_ns = start + 100,
                         .usage = {.resident_bytes = 5000, .user_cpu_ns = 150, .minor_faults = 3},
                         .hardware = {.cycles = 90},
                         .joules = 2}},
            .samples_taken = 2,
            .sample_frequency_hz = 100,
            .missing = {"joules: no </script> here"},
            .about = {{"model", "a \"b\" <c>"}},
            .limits = {.read_gb_per_second = 20, .gmac_per_second = 100}};
  }

 private:
  void Step(Track* track, uint32_t rows, uint32_t tokens, int64_t ns) {
    Span step(track, "step");
    step.facts().rows = rows;
    step.facts().tokens = tokens;
    const Span forward(track, "forward");
    clock_.Move(ns - 10);
    const Span head(track, "head");
    clock_.Move(10);
  }

  HandClock clock_;
  Recorder recorder_;
};

}  // namespace sterna::monitor
