// SPDX-License-Identifier: Apache-2.0
//
// Joules that the CPU packages took, from the kernel's powercap folder where it can be read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sterna/status.h"

namespace sterna::platform {

class EnergyCounter {
 public:
  // Every zone of `folder` whose name is "package-N". Unavailable says why there is none. Tests give a folder of their
  // own.
  static Result<EnergyCounter> Open(const std::string& folder = "/sys/class/powercap");

  // Since Open, of all packages; a counter that began anew at its end is taken to have done so once since the last
  // call.
  double ReadJoules();

 private:
  struct Zone {
    std::string path;   // of energy_uj
    uint64_t range_uj;  // the counter begins anew after this
    uint64_t last_uj;
    uint64_t total_uj;
  };
  std::vector<Zone> zones_;
};

}  // namespace sterna::platform
