// SPDX-License-Identifier: Apache-2.0
#include "config_flags.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/status_macros.h"
#include "config/keys.h"

namespace sterna::cli {
namespace {

const config::Key& KnownKey(const std::string& name) { return **config::FindKey(name); }

// "Worker threads: whole number, 1..1024, or auto"
std::string HelpOf(const config::Key& key) { return fmt::format("{}: {}", key.effect, key.values); }

std::string LongNameOf(const std::string& names) { return names.substr(names.find("--")); }

// A complaint that names the flag instead of the key.
Status Renamed(const std::string& flag, const std::string& key, const Status& status) {
  const std::string& message = status.message();
  const bool starts = message.starts_with(key);
  return {status.code(), starts ? flag + message.substr(key.size()) : fmt::format("{}: {}", flag, message)};
}

}  // namespace

void ConfigFlags::SetDefault(const std::string& key, const std::string& text) {
  defaults_.push_back({key, text, "default of this verb"});
}

Config ConfigFlags::Defaults() const {
  Config config;
  for (const config::Assignment& assignment : defaults_) {
    static_cast<void>(KnownKey(assignment.key).set(config, assignment.text));  // ours, so it is right
  }
  return config;
}

void ConfigFlags::AddTo(FlagSet& flags) {
  flags.AddText("--config", "FILE", &file_,
                "Settings in TOML [default: STERNA_CONFIG, else ~/.config/sterna/sterna.toml where it exists]");
  flags.OnParsed([this]() -> Status {
    STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, Resolve());
    for (const std::string& warning : resolved.warnings) Log(LogLevel::kWarn, "config", warning);
    for (const auto& listener : listeners_) listener(resolved.config);
    return {};
  });
  flags.AddList("--set", "KEY=VALUE", &set_, "Any setting, as in --set engine.thread_count=2; see sterna config show");
}

void ConfigFlags::AddKey(FlagSet& flags, const std::string& names, const std::string& placeholder,
                         const std::string& key) {
  const std::string flag = LongNameOf(names);
  flags.Add({names, placeholder, HelpOf(KnownKey(key)),
             [this, flag, key](std::string_view text) { return Assign(flag, key, text); },
             [this, key] { return KnownKey(key).get(Defaults()); }, KnownKey(key).words});
}

Status ConfigFlags::Assign(const std::string& flag, const std::string& key, std::string_view text) {
  Config scratch;
  if (const Status status = KnownKey(key).set(scratch, text); !status.ok()) return Renamed(flag, key, status);
  assignments_.push_back({key, std::string(text), "flag " + flag});
  return {};
}

Result<config::Resolved> ConfigFlags::Resolve(std::vector<config::Assignment> tuned) const {
  config::Sources sources = config::SystemSources();
  sources.tuned = std::move(tuned);
  sources.file = file_;
  sources.own_defaults = defaults_;
  for (const std::string& text : set_) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return Status::InvalidArgument(fmt::format("--set is '{}'; give KEY=VALUE, as in engine.thread_count=2", text));
    }
    sources.flags.push_back({text.substr(0, equals), text.substr(equals + 1), "flag --set"});
  }
  // A flag of its own says more than --set.
  sources.flags.insert(sources.flags.end(), assignments_.begin(), assignments_.end());
  return config::Resolve(sources);
}

Setting KeySetting(const std::string& names, const std::string& placeholder, const std::string& key, Config* config) {
  const std::string flag = LongNameOf(names);
  return {names,
          placeholder,
          HelpOf(KnownKey(key)),
          [=](std::string_view text) -> Status {
            const Status status = KnownKey(key).set(*config, text);
            return status.ok() ? status : Renamed(flag, key, status);
          },
          [=] { return KnownKey(key).get(*config); },
          KnownKey(key).words};
}

}  // namespace sterna::cli
