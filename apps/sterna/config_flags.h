// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/resolve.h"
#include "flag_set.h"

namespace sterna::cli {

// A flag that is the short name of a key.
struct KeyFlag {
  const char* names;
  const char* placeholder;
  const char* key;
};

// --config and --set, and flags that are short names of keys. With the environment, a file and a preset they make one
// configuration (docs/configuration.md).
class ConfigFlags {
 public:
  // What this verb has where nobody says otherwise. Before the flags are added: help shows it.
  void SetDefault(const std::string& key, const std::string& text);
  // Resolves when the words were parsed, and tells the listeners.
  void AddTo(FlagSet& flags);
  void OnResolved(std::function<void(const Config&)> listener) { listeners_.push_back(std::move(listener)); }
  // A flag for one key; help and range are the key's.
  void AddKey(FlagSet& flags, const std::string& names, const std::string& placeholder, const std::string& key);
  // Somebody's flag wants this. InvalidArgument as the key says.
  Status Assign(const std::string& flag, const std::string& key, std::string_view text);

  const std::optional<std::string>& file() const { return file_; }  // --config
  // All sources together, and what was tuned. InvalidArgument names source and key.
  Result<config::Resolved> Resolve(std::vector<config::Assignment> tuned = {}) const;

 private:
  Config Defaults() const;

  std::optional<std::string> file_;
  std::vector<std::string> set_;
  std::vector<config::Assignment> assignments_, defaults_;
  std::vector<std::function<void(const Config&)>> listeners_;
};

// A key as a setting of `config`, which must outlive it.
Setting KeySetting(const std::string& names, const std::string& placeholder, const std::string& key, Config* config);

}  // namespace sterna::cli
