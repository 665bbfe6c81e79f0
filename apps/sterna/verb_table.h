// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "verbs.h"

namespace sterna::cli {

struct Verb {
  const char* name;
  const char* summary;
  int (*run)(Words words);
  const char* parts = "";  // words of which one follows the name, each with flags of its own: "logits perplexity"
};

// All of them, in the order in which help lists them.
std::span<const Verb> Verbs();

}  // namespace sterna::cli
