// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sterna/status.h"

namespace sterna::cli {

// The file that a user's word for a model means: a path that exists; else, where the word is a name like OWNER/MODEL,
// what the caches hold by it. Nothing is fetched: NotFound says which `sterna pull` would do that. Other words come
// back as they are, for whoever opens them to complain.
Result<std::string> ResolveModel(const std::string& word);

}  // namespace sterna::cli
