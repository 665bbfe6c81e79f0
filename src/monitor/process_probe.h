// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "platform/energy_counter.h"
#include "platform/hardware_counters.h"
#include "platform/process_usage.h"

namespace sterna::monitor {

// The process at one moment. Counts are since its start, hardware counts and joules since the probe was made.
struct Sample {
  int64_t time_ns = 0;  // by the recorder's clock
  platform::ProcessUsage usage;
  platform::HardwareCounts hardware;
  double joules = 0;
};

// Reads samples of this process. To be made before the threads that it is to count. One thread at a time.
class ProcessProbe {
 public:
  ProcessProbe();

  Sample Read(int64_t time_ns);
  bool has_hardware() const { return hardware_.has_value(); }
  bool has_energy() const { return energy_.has_value(); }
  // Why they are not there; empty where they are.
  const std::string& no_hardware() const { return no_hardware_; }
  const std::string& no_energy() const { return no_energy_; }

 private:
  std::optional<platform::HardwareCounters> hardware_;
  std::optional<platform::EnergyCounter> energy_;
  std::string no_hardware_, no_energy_;
};

}  // namespace sterna::monitor
