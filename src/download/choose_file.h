// SPDX-License-Identifier: Apache-2.0
//
// Which file of a repository a name means. One rule for the hub's list and for what is in a cache.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "download/model_name.h"

namespace sterna::download {

// Whether OWNER/MODEL:SELECTOR can mean this file: it is its name, or the name without folder and ending ends with the
// selector after a dash, dot or underscore, in any case: "i2_s" means ggml-model-i2_s.gguf.
bool MatchesSelector(std::string_view file, std::string_view selector);

// The index of the file that is meant: with a selector the one whose name it is, else the only one it fits; without one
// the only model file, else the only one whose name says a ternary type. NotFound when there is none, InvalidArgument
// with the list when there are several.
Result<size_t> ChooseFile(std::span<const std::string> files, const ModelName& name);

}  // namespace sterna::download
