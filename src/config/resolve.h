// SPDX-License-Identifier: Apache-2.0
//
// From flags, variables, a file, a preset and the defaults to one configuration, with where each value came from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/config.h"

namespace sterna::config {

// Someone's wish for one key. `preset` is a key too, for every source.
struct Assignment {
  std::string key, text;
  std::string origin;  // "flag --threads"
};

struct Sources {
  std::optional<std::string> file;               // --config; must exist. Else STERNA_CONFIG, else the user's own
  std::map<std::string, std::string> variables;  // every STERNA_* of the environment
  std::optional<std::string> user_file;          // read where it exists
  std::vector<Assignment> flags;                 // the last of several counts
  std::vector<Assignment> own_defaults;          // of a verb, instead of the struct's
  std::vector<Assignment> tuned;                 // measured for the model and this machine (docs/tune.md)
};

struct Resolved {
  Config config;
  std::map<std::string, std::string, std::less<>> origins;  // by key: "default", "preset server", "sterna.toml line 3"
  std::string file;                                         // that was read; empty: none
  std::vector<std::string> warnings;

  const std::string& OriginOf(std::string_view key) const;
};

inline constexpr std::string_view kPresetKey = "preset";
inline constexpr std::string_view kPresetVariable = "STERNA_PRESET";
inline constexpr std::string_view kFileVariable = "STERNA_CONFIG";

// Flag over variable over file over tuned over preset over default. InvalidArgument names the source, the key and, for
// names that are not known, the nearest; NotFound for a file that was asked for.
Result<Resolved> Resolve(const Sources& sources);

// The sources that this process has: its environment and the user's file, without flags.
Sources SystemSources();
// $XDG_CONFIG_HOME/sterna/sterna.toml, else ~/.config/sterna/sterna.toml; nullopt without a home.
std::optional<std::string> UserFile();

// STERNA_ENGINE__THREAD_COUNT for engine.thread_count.
std::string VariableOf(std::string_view key);
// The key that a variable sets: VariableOf's inverse, STERNA_THREADS and STERNA_ISA; nullopt for others.
std::optional<std::string> KeyOfVariable(std::string_view variable);

}  // namespace sterna::config
