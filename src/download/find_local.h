// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "download/cache.h"
#include "download/model_name.h"
#include "download/settings.h"

namespace sterna::download {

// The file that a name means among what lies in the caches, without any network: by the rule of ChooseFile, ours before
// Hugging Face's. nullopt when there is none; InvalidArgument with the list when it may mean several.
Result<std::optional<CachedModel>> FindLocal(const Settings& settings, const ModelName& name);

}  // namespace sterna::download
