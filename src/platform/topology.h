// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna::platform {

// Physical cores this process may use: affinity mask, hyper-threads counted once, cut to the cgroup's CPU quota (v1,
// v2). At least 1.
uint32_t UsableCores();

}  // namespace sterna::platform
