// SPDX-License-Identifier: Apache-2.0
//
// Where fetched models lie: CACHE/OWNER/MODEL/FILE with FILE.json beside it, FILE.partial while it is being fetched,
// and CACHE/.locks. A file counts as there when its record is there and says its size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "download/model_name.h"
#include "platform/file_lock.h"
#include "sterna/status.h"

namespace sterna::download {

struct CachedModel {
  std::string repo;  // OWNER/MODEL
  std::string file;
  std::filesystem::path path;
  uint64_t bytes = 0;  // of the whole file, also while only a part is there
  uint64_t bytes_on_disk = 0;
  std::string sha256;  // empty: not known
  std::filesystem::file_time_type last_used;
  bool partial = false;
  bool in_hub_cache = false;  // belongs to Hugging Face's cache: never changed

  std::string Text() const { return repo + ":" + file; }
};

class Cache {
 public:
  explicit Cache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path PathOf(const std::string& repo, const std::string& file) const { return folder_ / repo / file; }

  // Everything in it, by name.
  std::vector<CachedModel> List() const;
  // What is whole of one repository.
  std::vector<CachedModel> ListRepo(const std::string& repo) const;

  // The lock of one file; nullopt while another process fetches or removes it.
  Result<std::optional<platform::FileLock>> TryLock(const std::string& repo, const std::string& file) const;

  // Takes the file, its records and its part, and folders that are then empty. Unavailable when another process is at
  // it.
  Status Remove(const CachedModel& model) const;

  // Makes room for `bytes` more under a limit: removes what was used longest ago, and tells `on_removed`. What others
  // fetch at the moment stays and counts in full. `spare` is what is being fetched: it neither counts nor goes.
  Status MakeRoom(uint64_t bytes, uint64_t limit, const std::filesystem::path& spare,
                  const std::function<void(const CachedModel&)>& on_removed) const;

 private:
  std::filesystem::path folder_;
};

// Notes that a model of ours was used now; a failure to do so harms nothing.
void Touch(const CachedModel& model);

}  // namespace sterna::download
