// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "model/architecture.h"

namespace sterna::model {

// Qwen 3.
std::span<const Architecture> QwenArchitectures();

}  // namespace sterna::model
