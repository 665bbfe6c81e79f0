// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/sequence.h"

namespace sterna::engine {

// Whether a request can be run behind `held` tokens: InvalidArgument for an empty prompt, ids outside the vocabulary
// and bad sampling; ResourceExhausted when the prompt does not fit the context.
Status CheckRequest(const GenerateRequest& request, size_t vocabulary_size, size_t held_tokens,
                    uint32_t context_tokens);

// Puts a checked request behind the sequence's tokens. `request` outlives it.
void BeginRequest(Sequence& sequence, const GenerateRequest& request);

}  // namespace sterna::engine
