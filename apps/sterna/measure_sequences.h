// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/engine.h"

namespace sterna::cli {

// Tokens per second of all sessions together, each generating `tokens` tokens at the same time as the others, from
// prompts of one token that differ. What the sessions held is forgotten.
Result<double> GenerateAtOnce(std::span<const std::unique_ptr<engine::Session>> sessions, uint32_t tokens);

}  // namespace sterna::cli
