// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/sequence.h"

namespace sterna::engine {

// Marks the sequence's request as ended well, and fills in its timings. A prompt that was not computed to its end is
// cut where the computing stopped, so that the session's tokens stay the ones its keys and values are of.
void FinishRequest(Sequence& sequence, FinishReason reason);

// The same with an error in place of a result.
void FailRequest(Sequence& sequence, Status status);

}  // namespace sterna::engine
