// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "model/architecture.h"

namespace sterna::model {

// BitNet b1.58 under its three names: bitnet (2024, SiLU), bitnet-25 and bitnet-b1.58 (2025).
std::span<const Architecture> BitnetArchitectures();

}  // namespace sterna::model
