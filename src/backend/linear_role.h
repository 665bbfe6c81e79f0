// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna::backend {

// What a linear layer is for; matrices of one role are multiplied by the same activations.
enum class LinearRole : uint8_t { kQkv, kAttentionOutput, kGateUp, kDown };

}  // namespace sterna::backend
