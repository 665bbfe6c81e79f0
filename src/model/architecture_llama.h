// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "model/architecture.h"

namespace sterna::model {

// The Llama family without norms beside the usual two.
std::span<const Architecture> LlamaArchitectures();

}  // namespace sterna::model
