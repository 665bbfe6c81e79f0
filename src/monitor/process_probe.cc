// SPDX-License-Identifier: Apache-2.0
#include "monitor/process_probe.h"

#include <utility>

namespace sterna::monitor {

ProcessProbe::ProcessProbe() {
  if (auto hardware = platform::HardwareCounters::Open(); hardware.ok()) {
    hardware_.emplace(*std::move(hardware));
  } else {
    no_hardware_ = "hardware counters: " + hardware.status().message();
  }
  if (auto energy = platform::EnergyCounter::Open(); energy.ok()) {
    energy_.emplace(*std::move(energy));
  } else {
    no_energy_ = "joules: " + energy.status().message();
  }
}

Sample ProcessProbe::Read(int64_t time_ns) {
  Sample sample{.time_ns = time_ns, .usage = platform::ReadProcessUsage(), .hardware = {}, .joules = 0};
  if (hardware_) sample.hardware = hardware_->Read();
  if (energy_) sample.joules = energy_->ReadJoules();
  return sample;
}

}  // namespace sterna::monitor
