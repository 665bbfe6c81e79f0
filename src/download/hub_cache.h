// SPDX-License-Identifier: Apache-2.0
//
// Hugging Face's own cache, read and never changed: models--OWNER--MODEL/snapshots/COMMIT/FILE, where refs/main holds
// the commit and FILE is a link to a blob that is named by its checksum.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "download/cache.h"

namespace sterna::download {

// The model files of the commit that refs/main names.
std::vector<CachedModel> HubCacheModels(const std::filesystem::path& folder, const std::string& repo);

// Of every repository in the cache.
std::vector<CachedModel> AllHubCacheModels(const std::filesystem::path& folder);

}  // namespace sterna::download
