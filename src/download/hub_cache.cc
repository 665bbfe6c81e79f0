// SPDX-License-Identifier: Apache-2.0
#include "download/hub_cache.h"

#include <algorithm>
#include <fstream>

#include "download/file_record.h"
#include "download/model_name.h"

namespace sterna::download {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolderPrefix = "models--";
constexpr int kMaxHubCacheDepth = 8;

// The commit that refs/main names; empty when it names none.
std::string MainCommit(const fs::path& repo_folder) {
  std::ifstream file(repo_folder / "refs" / "main");
  std::string commit;
  file.width(41);
  file >> commit;
  const bool hex = commit.size() == 40 && commit.find_first_not_of("0123456789abcdef") == commit.npos;
  return hex ? commit : "";
}

std::optional<CachedModel> ModelAt(const fs::path& snapshot, const fs::directory_entry& entry,
                                   const std::string& repo) {
  CachedModel model;
  model.repo = repo;
  model.file = entry.path().lexically_relative(snapshot).generic_string();
  if (!IsModelFile(model.file) || !CheckFileName(model.file).ok()) return std::nullopt;
  std::error_code error;
  if (!entry.is_regular_file(error)) return std::nullopt;  // through the link: a blob that is not there is no file
  model.bytes = model.bytes_on_disk = entry.file_size(error);
  if (error) return std::nullopt;
  const std::string blob = fs::read_symlink(entry.path(), error).filename().string();
  if (IsSha256(blob)) model.sha256 = blob;
  model.path = entry.path();
  model.last_used = entry.last_write_time(error);
  model.in_hub_cache = true;
  return model;
}

}  // namespace

std::vector<CachedModel> HubCacheModels(const fs::path& folder, const std::string& repo) {
  std::vector<CachedModel> models;
  if (folder.empty()) return models;
  const size_t slash = repo.find('/');
  const fs::path repo_folder =
      folder / (std::string(kFolderPrefix) + repo.substr(0, slash) + "--" + repo.substr(slash + 1));
  const std::string commit = MainCommit(repo_folder);
  if (commit.empty()) return models;
  const fs::path snapshot = repo_folder / "snapshots" / commit;
  std::error_code error;
  fs::recursive_directory_iterator entry(snapshot, fs::directory_options::skip_permission_denied, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    if (entry.depth() >= kMaxHubCacheDepth) entry.disable_recursion_pending();
    if (auto model = ModelAt(snapshot, *entry, repo)) models.push_back(std::move(*model));
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
  return models;
}

std::vector<CachedModel> AllHubCacheModels(const fs::path& folder) {
  std::vector<std::string> repos;
  std::error_code error;
  fs::directory_iterator entry(folder, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kFolderPrefix)) continue;
    const size_t split = name.find("--", kFolderPrefix.size());
    if (split == name.npos) continue;
    const std::string owner = name.substr(kFolderPrefix.size(), split - kFolderPrefix.size());
    const std::string repo = owner + "/" + name.substr(split + 2);
    if (ParseModelName(repo).ok()) repos.push_back(repo);
  }
  std::sort(repos.begin(), repos.end());
  std::vector<CachedModel> models;
  for (const std::string& repo : repos) {
    for (CachedModel& model : HubCacheModels(folder, repo)) models.push_back(std::move(model));
  }
  return models;
}

}  // namespace sterna::download
