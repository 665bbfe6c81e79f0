// SPDX-License-Identifier: Apache-2.0
#include "download/cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/hash.h"
#include "base/status_macros.h"
#include "download/file_record.h"

namespace sterna::download {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxCacheDepth = 10;
constexpr std::string_view kPartial = ".partial";

fs::path WithEnding(const fs::path& path, std::string_view ending) { return path.string() + std::string(ending); }

// OWNER/MODEL/FILE as a model; nullopt for everything else that may lie in the folder.
std::optional<CachedModel> ModelAt(const fs::path& folder, const fs::path& path) {
  std::string text = path.lexically_relative(folder).generic_string();
  CachedModel model;
  model.partial = text.ends_with(kPartial);
  if (model.partial) text.resize(text.size() - kPartial.size());
  if (!IsModelFile(text)) return std::nullopt;
  const size_t owner = text.find('/');
  const size_t slash = owner == text.npos ? owner : text.find('/', owner + 1);
  if (slash == text.npos || !CheckFileName(text).ok()) return std::nullopt;
  model.repo = text.substr(0, slash);
  model.file = text.substr(slash + 1);
  model.path = path;
  std::error_code error;
  model.bytes_on_disk = fs::file_size(path, error);
  if (error) return std::nullopt;
  const fs::path record_path = WithEnding(path, ".json");
  const auto record = ReadRecord(record_path);
  if (!model.partial && (!record || record->bytes != model.bytes_on_disk)) return std::nullopt;
  model.bytes = record ? std::max(record->bytes, model.bytes_on_disk) : model.bytes_on_disk;
  if (record) model.sha256 = record->sha256;
  model.last_used = fs::last_write_time(model.partial ? path : record_path, error);
  return model;
}

std::vector<CachedModel> Walk(const fs::path& folder, const fs::path& start) {
  std::vector<CachedModel> models;
  std::error_code error;
  fs::recursive_directory_iterator entry(start, fs::directory_options::skip_permission_denied, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    if (entry.depth() >= kMaxCacheDepth) entry.disable_recursion_pending();
    std::error_code ignored;
    if (!fs::is_regular_file(entry->symlink_status(ignored))) continue;
    if (auto model = ModelAt(folder, entry->path())) models.push_back(std::move(*model));
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return models;
}

void RemoveEmptyFolders(const fs::path& root, fs::path folder) {
  std::error_code error;
  while (folder != root && folder.string().size() > root.string().size()) {
    if (!fs::is_empty(folder, error) || error || !fs::remove(folder, error)) return;
    folder = folder.parent_path();
  }
}

}  // namespace

std::vector<CachedModel> Cache::List() const { return Walk(folder_, folder_); }

std::vector<CachedModel> Cache::ListRepo(const std::string& repo) const {
  std::vector<CachedModel> models = Walk(folder_, folder_ / repo);
  std::erase_if(models, [](const CachedModel& model) { return model.partial; });
  return models;
}

Result<std::optional<platform::FileLock>> Cache::TryLock(const std::string& repo, const std::string& file) const {
  const fs::path locks = folder_ / ".locks";
  std::error_code error;
  fs::create_directories(locks, error);
  if (error) {
    return Status::Unavailable(fmt::format("cannot make the folder '{}': {}; make it writable or set STERNA_CACHE",
                                           locks.string(), error.message()));
  }
  const std::string name = repo + "/" + file;
  const uint64_t hash = Hash64(std::as_bytes(std::span(name.data(), name.size())));
  return platform::FileLock::TryAcquire((locks / fmt::format("{:016x}", hash)).string());
}

Status Cache::Remove(const CachedModel& model) const {
  STERNA_ASSIGN_OR_RETURN(const auto lock, TryLock(model.repo, model.file));
  if (!lock) {
    return Status::Unavailable(
        fmt::format("{} is being fetched by another process; wait for it or end it", model.Text()));
  }
  const fs::path path = PathOf(model.repo, model.file);
  std::error_code error, first;
  // The record goes first: what is left of a removal that was cut short is then no model.
  for (const char* ending : {".json", "", ".partial.json", ".partial", ".json.tmp", ".partial.json.tmp"}) {
    fs::remove(WithEnding(path, ending), error);
    if (error && !first) first = error;
  }
  RemoveEmptyFolders(folder_, path.parent_path());
  if (!first) return {};
  return Status::Unavailable(
      fmt::format("cannot remove '{}': {}; make its folder writable", path.string(), first.message()));
}

Status Cache::MakeRoom(uint64_t bytes, uint64_t limit, const fs::path& spare,
                       const std::function<void(const CachedModel&)>& on_removed) const {
  if (bytes > limit) {
    return Status::ResourceExhausted(fmt::format(
        "the file has {:.1f} MB and the cache may hold {:.1f} MB; raise --cache-limit or STERNA_CACHE_LIMIT",
        double(bytes) / 1e6, double(limit) / 1e6));
  }
  std::vector<CachedModel> models = List();
  std::erase_if(models, [&](const CachedModel& model) { return PathOf(model.repo, model.file) == spare; });
  uint64_t held = 0;
  for (const CachedModel& model : models) held += model.bytes;
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.last_used < b.last_used; });
  for (const CachedModel& model : models) {
    if (held <= limit - bytes) return {};
    if (!Remove(model).ok()) continue;  // another process is at it
    held -= model.bytes;
    on_removed(model);
  }
  if (held <= limit - bytes) return {};
  return Status::ResourceExhausted(fmt::format(
      "the cache may hold {:.1f} MB and other processes are filling it; wait for them or raise --cache-limit",
      double(limit) / 1e6));
}

void Touch(const CachedModel& model) {
  if (model.in_hub_cache) return;
  std::error_code ignored;
  fs::last_write_time(WithEnding(model.path, ".json"), fs::file_time_type::clock::now(), ignored);
}

}  // namespace sterna::download
