// SPDX-License-Identifier: Apache-2.0
//
// Scripts that make a shell complete the words of `sterna`: verbs, flags, the values of those that have few, files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "flag_set.h"

namespace sterna::cli {

// A verb, or a part of one ("eval logits").
struct VerbDescription {
  std::string name;
  std::string summary;
  std::vector<std::string> parts;  // then `flags` is empty: the parts have them
  std::vector<FlagDescription> flags;
};

std::string BashScript(std::span<const VerbDescription> verbs);
std::string ZshScript(std::span<const VerbDescription> verbs);
std::string FishScript(std::span<const VerbDescription> verbs);

}  // namespace sterna::cli
