// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "verbs.h"

namespace sterna::cli {

int EvalLogits(Words words);
int EvalPerplexity(Words words);

}  // namespace sterna::cli
