// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/sequence.h"

namespace sterna::engine {

// Whether a request can be run behind `held` tokens: InvalidArgument for an empty prompt, ids outside the
// vocabulary, bad sampling and a constraint of another engine; ResourceExhausted when the prompt does not fit the
// context.
Status CheckRequest(const GenerateRequest& request, size_t vocabulary_size, size_t held_tokens,
                    uint32_t context_tokens);

// Puts a checked request behind the sequence's tokens. `request` outlives it. An error leaves the tokens as they are:
// the constraint cannot be begun within its limits.
Status BeginRequest(Sequence& sequence, const GenerateRequest& request);

}  // namespace sterna::engine
