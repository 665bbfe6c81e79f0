// SPDX-License-Identifier: Apache-2.0
#include "config/resolve.h"

#include <fmt/format.h>

#include <array>

#include "base/status_macros.h"
#include "config/config_file.h"
#include "config/keys.h"
#include "platform/environment.h"

namespace sterna::config {
namespace {

struct Alias {
  std::string_view variable, key;
};
// Short names that existed before every key had a variable.
constexpr Alias kAliases[] = {{"STERNA_THREADS", "engine.thread_count"}, {"STERNA_ISA", "inference.kernels"}};

using SourceList = std::array<const std::vector<Assignment>*, 3>;

class Resolver {
 public:
  explicit Resolver(const Sources& sources) : sources_(sources) {}

  Result<Resolved> Resolve() {
    for (const Key& key : AllKeys()) result_.origins[key.name] = "default";
    STERNA_RETURN_IF_ERROR(ReadFile());
    ReadVariables();
    for (const Assignment& assignment : sources_.own_defaults) STERNA_RETURN_IF_ERROR(Apply(assignment));
    STERNA_RETURN_IF_ERROR(ApplyPreset());
    for (const Assignment& assignment : sources_.tuned) STERNA_RETURN_IF_ERROR(Apply(assignment));
    for (const auto* source : SourceList{&file_, &variables_, &sources_.flags}) {
      for (const Assignment& assignment : *source) STERNA_RETURN_IF_ERROR(Apply(assignment));
    }
    WarnOfGpuKeys();
    return std::move(result_);
  }

 private:
  Status ReadFile() {
    std::optional<std::string> path = sources_.file;
    if (const auto named = sources_.variables.find(std::string(kFileVariable));
        !path && named != sources_.variables.end() && !named->second.empty()) {
      path = named->second;
    }
    const bool must_exist = path.has_value();
    if (!path) path = sources_.user_file;
    if (!path) return {};
    auto entries = ReadConfigFile(*path);
    if (!entries.ok() && entries.status().code() == StatusCode::kNotFound && !must_exist) return {};
    STERNA_ASSIGN_OR_RETURN(file_, std::move(entries));
    result_.file = *path;
    return {};
  }

  void ReadVariables() {
    for (const auto& [name, value] : sources_.variables) {
      const std::optional<std::string> key = KeyOfVariable(name);
      if (key && !value.empty()) variables_.push_back({*key, value, "variable " + name});
    }
  }

  Status ApplyPreset() {
    const Assignment* chosen = nullptr;
    for (const auto* source : SourceList{&sources_.flags, &variables_, &file_}) {
      for (const Assignment& assignment : *source) {
        if (assignment.key == kPresetKey) chosen = &assignment;
      }
      if (chosen != nullptr) break;
    }
    if (chosen == nullptr) return {};
    auto preset = Config::preset(chosen->text);
    if (!preset.ok()) {
      return Status::InvalidArgument(fmt::format("{}: {}", chosen->origin, preset.status().message()));
    }
    for (const Key& key : AllKeys()) {
      const std::string value = key.get(*preset);
      if (value == key.default_text) continue;
      STERNA_RETURN_IF_ERROR(Apply({key.name, value, "preset " + chosen->text}));
    }
    return {};
  }

  Status Apply(const Assignment& assignment) {
    if (assignment.key == kPresetKey) return {};
    const Result<const Key*> key = FindKey(assignment.key);
    const Status status = key.ok() ? (*key)->set(result_.config, assignment.text) : key.status();
    if (!status.ok()) return Status::InvalidArgument(fmt::format("{}: {}", assignment.origin, status.message()));
    result_.origins[assignment.key] = assignment.origin;
    return {};
  }

  void WarnOfGpuKeys() {
    for (const Key& key : AllKeys()) {
      const std::string& origin = result_.OriginOf(key.name);
      if (!key.gpu_only || origin == "default" || origin.starts_with("preset ")) continue;
      result_.warnings.push_back(fmt::format("{} ({}) changes nothing: layers run on the CPU", key.name, origin));
    }
  }

  const Sources& sources_;
  std::vector<Assignment> file_, variables_;
  Resolved result_;
};

}  // namespace

const std::string& Resolved::OriginOf(std::string_view key) const {
  static const std::string kDefault = "default";
  const auto origin = origins.find(key);
  return origin == origins.end() ? kDefault : origin->second;
}

Result<Resolved> Resolve(const Sources& sources) { return Resolver(sources).Resolve(); }

Sources SystemSources() {
  Sources sources;
  sources.variables = platform::SternaVariables();
  sources.user_file = UserFile();
  return sources;
}

std::optional<std::string> UserFile() {
  constexpr std::string_view kPlace = "sterna/sterna.toml";
  if (const auto folder = platform::GetEnvironment("XDG_CONFIG_HOME"); folder && folder->starts_with('/')) {
    return fmt::format("{}/{}", *folder, kPlace);
  }
  const auto home = platform::GetEnvironment("HOME");
  if (!home || home->empty()) return std::nullopt;
  return fmt::format("{}/.config/{}", *home, kPlace);
}

std::string VariableOf(std::string_view key) {
  std::string name = "STERNA_";
  for (const char c : key) {
    if (c == '.') {
      name += "__";
    } else {
      name += c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
    }
  }
  return name;
}

std::optional<std::string> KeyOfVariable(std::string_view variable) {
  if (variable == kPresetVariable) return std::string(kPresetKey);
  for (const Alias& alias : kAliases) {
    if (variable == alias.variable) return std::string(alias.key);
  }
  for (const Key& key : AllKeys()) {
    if (variable == VariableOf(key.name)) return key.name;
  }
  return std::nullopt;
}

}  // namespace sterna::config
