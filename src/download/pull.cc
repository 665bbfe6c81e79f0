// SPDX-License-Identifier: Apache-2.0
#include "download/pull.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "download/choose_file.h"
#include "download/fetch_file.h"
#include "download/find_local.h"
#include "download/hub_cache.h"
#include "download/hub_listing.h"
#include "download/retry.h"

namespace sterna::download {
namespace {

constexpr std::chrono::milliseconds kLockPoll{200};
constexpr uint64_t kDiskReserveBytes = uint64_t{64} << 20;

Status CheckHasFolder(const Settings& settings) {
  if (!settings.cache_folder.empty()) return {};
  return Status::FailedPrecondition("neither STERNA_CACHE, XDG_CACHE_HOME nor HOME says where to keep models; set one");
}

Result<HubFile> ChooseFromHub(const HubListing& listing, const ModelName& name) {
  std::vector<std::string> names;
  for (const HubFile& file : listing.files) names.push_back(file.name);
  const auto chosen = ChooseFile(names, name);
  if (chosen.ok()) return listing.files[*chosen];
  if (listing.refused.empty() || chosen.status().code() != StatusCode::kNotFound) return chosen.status();
  return CheckFileName(listing.refused.front());  // why it was left out
}

Result<platform::FileLock> WaitForLock(const Cache& cache, const std::string& repo, const std::string& file,
                                       const Hooks& hooks) {
  for (bool told = false;; told = true) {
    STERNA_ASSIGN_OR_RETURN(auto lock, cache.TryLock(repo, file));
    if (lock) return *std::move(lock);
    if (!told) hooks.Note(fmt::format("another process fetches {}; waiting for it", file));
    if (!SleepUnlessStopped(kLockPoll, hooks)) return Status::Cancelled("interrupted");
  }
}

// The same file among `models`: by name and size, and by checksum where both are known.
const CachedModel* FindSame(const std::vector<CachedModel>& models, const HubFile& file) {
  for (const CachedModel& model : models) {
    if (model.file != file.name || (file.bytes != 0 && model.bytes != file.bytes)) continue;
    if (file.sha256.empty() || model.sha256 == file.sha256) return &model;
  }
  return nullptr;
}

Status Reserve(const Settings& settings, const Cache& cache, const std::filesystem::path& target, uint64_t whole,
               uint64_t missing, const Hooks& hooks) {
  if (settings.cache_limit_bytes > 0) {
    STERNA_RETURN_IF_ERROR(cache.MakeRoom(whole, settings.cache_limit_bytes, target, [&](const CachedModel& model) {
      hooks.Note(fmt::format("removed {} ({:.1f} MB), used longest ago, to stay within the cache's limit", model.Text(),
                             double(model.bytes) / 1e6));
    }));
  }
  std::error_code error;
  const auto space = std::filesystem::space(target.parent_path(), error);
  if (error || space.available >= missing + kDiskReserveBytes) return {};
  return Status::ResourceExhausted(
      fmt::format("the disk of '{}' has {:.1f} MB free and {:.1f} MB are missing; make room or set STERNA_CACHE to "
                  "another disk",
                  target.parent_path().string(), double(space.available) / 1e6, double(missing) / 1e6));
}

Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return {};
  return Status::Unavailable(fmt::format("cannot make the folder '{}': {}; make it writable or set STERNA_CACHE",
                                         folder.string(), error.message()));
}

Result<PullResult> Fetch(const Settings& settings, HttpClient& client, const ModelName& name, const HubFile& file,
                         const std::string& commit, bool force, const Hooks& hooks) {
  const Cache cache(settings.cache_folder);
  const std::filesystem::path target = cache.PathOf(name.Repo(), file.name);
  STERNA_ASSIGN_OR_RETURN(const auto lock, WaitForLock(cache, name.Repo(), file.name, hooks));
  if (!force) {
    const auto ours = cache.ListRepo(name.Repo()), theirs = HubCacheModels(settings.hub_cache_folder, name.Repo());
    const CachedModel* const there = FindSame(ours, file);
    if (const CachedModel* const found = there != nullptr ? there : FindSame(theirs, file)) {
      Touch(*found);
      return PullResult{*found, false};
    }
  } else {
    std::error_code ignored;
    std::filesystem::remove(target.string() + ".partial", ignored);
  }
  STERNA_RETURN_IF_ERROR(MakeFolder(target.parent_path()));
  const FileSource source{
      file.name, fmt::format("{}/{}/resolve/{}/{}", settings.endpoint, name.Repo(), commit, EncodePath(file.name)),
      FileRecord{commit, file.sha256, "", file.bytes}};
  const auto reserve = [&](uint64_t whole, uint64_t missing) {
    return Reserve(settings, cache, target, whole, missing, hooks);
  };
  STERNA_RETURN_IF_ERROR(FetchFile(client, settings, source, target, reserve, hooks));
  for (CachedModel& model : cache.ListRepo(name.Repo())) {
    if (model.file == file.name) return PullResult{std::move(model), true};
  }
  return Status::Unavailable(fmt::format("'{}' went away while it was fetched; pull it again", target.string()));
}

}  // namespace

Result<PullResult> Pull(const Settings& settings, const ModelName& name, bool force, const Hooks& hooks) {
  STERNA_RETURN_IF_ERROR(CheckHasFolder(settings));
  if (!force || settings.offline) {
    const auto local = FindLocal(settings, name);
    if (local.ok() && *local) return PullResult{**local, false};
    if (settings.offline) {
      if (!local.ok()) return local.status();
      return Status::NotFound(fmt::format(
          "{} is in no cache and pull is offline; leave --offline and HF_HUB_OFFLINE out to fetch it", name.Text()));
    }
  }
  STERNA_ASSIGN_OR_RETURN(HttpClient client, HttpClient::Create(settings));
  STERNA_ASSIGN_OR_RETURN(const HubListing listing, FetchListing(client, settings, name, hooks));
  STERNA_ASSIGN_OR_RETURN(const HubFile file, ChooseFromHub(listing, name));
  return Fetch(settings, client, name, file, listing.commit, force, hooks);
}

std::vector<CachedModel> ListModels(const Settings& settings) {
  std::vector<CachedModel> models;
  if (!settings.cache_folder.empty()) models = Cache(settings.cache_folder).List();
  for (CachedModel& model : AllHubCacheModels(settings.hub_cache_folder)) models.push_back(std::move(model));
  return models;
}

Result<std::vector<CachedModel>> RemoveModels(const Settings& settings, const ModelName& name) {
  STERNA_RETURN_IF_ERROR(CheckHasFolder(settings));
  const Cache cache(settings.cache_folder);
  std::vector<CachedModel> models = cache.List();
  std::erase_if(models, [&](const CachedModel& model) {
    return model.repo != name.Repo() || (!name.selector.empty() && !MatchesSelector(model.file, name.selector));
  });
  if (models.empty()) {
    const bool theirs = !HubCacheModels(settings.hub_cache_folder, name.Repo()).empty();
    return Status::NotFound(fmt::format("{} is not in the cache '{}'{}; sterna pull --list shows what is", name.Text(),
                                        settings.cache_folder.string(),
                                        theirs ? " (Hugging Face's own cache is never changed)" : ""));
  }
  for (const CachedModel& model : models) STERNA_RETURN_IF_ERROR(cache.Remove(model));
  return models;
}

}  // namespace sterna::download
