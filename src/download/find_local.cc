// SPDX-License-Identifier: Apache-2.0
#include "download/find_local.h"

#include <algorithm>

#include "base/status_macros.h"
#include "download/choose_file.h"
#include "download/hub_cache.h"

namespace sterna::download {

Result<std::optional<CachedModel>> FindLocal(const Settings& settings, const ModelName& name) {
  std::vector<CachedModel> models;
  if (!settings.cache_folder.empty()) models = Cache(settings.cache_folder).ListRepo(name.Repo());
  for (CachedModel& model : HubCacheModels(settings.hub_cache_folder, name.Repo())) {
    const auto same_file = [&](const CachedModel& other) { return other.file == model.file; };
    if (std::none_of(models.begin(), models.end(), same_file)) models.push_back(std::move(model));
  }
  std::vector<std::string> files;
  files.reserve(models.size());
  for (const CachedModel& model : models) files.push_back(model.file);
  const auto chosen = ChooseFile(files, name);
  if (!chosen.ok() && chosen.status().code() == StatusCode::kNotFound) return std::optional<CachedModel>();
  if (!chosen.ok()) return chosen.status();
  Touch(models[*chosen]);
  return std::optional<CachedModel>(std::move(models[*chosen]));
}

}  // namespace sterna::download
