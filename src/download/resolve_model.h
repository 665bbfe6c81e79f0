// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sterna/status.h"

namespace sterna::download {

// The file that a user's word for a model means: a path that exists; else, where the word is a name like OWNER/MODEL,
// what the caches hold by it. Nothing is fetched: NotFound says which `sterna pull` would do that. Other words come
// back as they are, for whoever opens them to complain.
Result<std::string> ResolveModel(const std::string& word);

// The same for a verb that needs a file: Unsupported for a folder, with the command that makes a file of it.
Result<std::string> ResolveModelFile(const std::string& word);

}  // namespace sterna::download
