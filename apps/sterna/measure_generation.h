// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/engine.h"
#include "model_loading.h"
#include "sterna/status.h"

namespace sterna::cli {

// Times of a greedy generation after the first `held_tokens` tokens of the model's session. Which tokens the prompt has
// does not matter to the speed.
Result<engine::Timings> TimeGeneration(const LoadedModel& model, size_t held_tokens, size_t prompt_tokens,
                                       uint32_t generated_tokens, uint32_t speculate_tokens = 0);

}  // namespace sterna::cli
