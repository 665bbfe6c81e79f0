// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "download/cache.h"
#include "download/hooks.h"
#include "download/model_name.h"
#include "download/settings.h"
#include "sterna/status.h"

namespace sterna::download {

struct PullResult {
  CachedModel model;
  bool fetched = false;  // false: it was there
};

// Makes a model's file be there. What a name means in the caches is taken without asking the hub, unless `force`.
Result<PullResult> Pull(const Settings& settings, const ModelName& name, bool force, const Hooks& hooks);

// What lies in both caches.
std::vector<CachedModel> ListModels(const Settings& settings);

// Removes what a name means from our cache, with parts: the files that its selector fits, or all of the repository.
// NotFound when there is none.
Result<std::vector<CachedModel>> RemoveModels(const Settings& settings, const ModelName& name);

}  // namespace sterna::download
