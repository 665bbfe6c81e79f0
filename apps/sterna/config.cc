// SPDX-License-Identifier: Apache-2.0
//
// sterna config: what the settings are, where they come from and what each does.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "config/config_file.h"
#include "config/keys.h"
#include "config/nearest_name.h"
#include "config/presets.h"
#include "config/toml_text.h"
#include "config_flags.h"
#include "exit_code.h"
#include "flag_set.h"
#include "json_text.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kConfigExamples[] =
    "  sterna config show\n"
    "  sterna config show --set engine.thread_count=2 --json\n"
    "  sterna config explain batch.chunk_size\n"
    "  sterna config preset production > sterna.toml\n"
    "  sterna config set generation.temperature 0.2\n"
    "  sterna config validate sterna.toml\n";

struct ConfigVerbFlags {
  std::string action, name, value;
  ConfigFlags config;
  bool json = false;
};

Status Print(const std::string& text) {
  ResultStream out;
  out.Write(text);
  return out.status();
}

Status NeedName(const ConfigVerbFlags& flags, const char* what) {
  if (!flags.name.empty()) return {};
  return Status::InvalidArgument(fmt::format("config {} needs {}; see sterna config --help", flags.action, what));
}

// `preset` has no place in Config, but is set and shown as keys are.
bool IsPreset(const std::string& name) { return name == config::kPresetKey; }

Status Show(const ConfigVerbFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.config.Resolve());
  std::string text = resolved.file.empty() ? "" : fmt::format("# file: {}\n", resolved.file);
  ordered_json json;
  for (const config::Key& key : config::AllKeys()) {
    const std::string value = key.get(resolved.config), &origin = resolved.OriginOf(key.name);
    text += fmt::format("{:<36}{:<16}{}\n", key.name, value, origin);
    json[key.name] = {{"value", value}, {"origin", origin}, {"default", key.default_text}};
  }
  return Print(flags.json ? JsonText(json) : text);
}

Status Explain(const ConfigVerbFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.config.Resolve());
  std::string text;
  ordered_json json;
  for (const config::Key& key : config::AllKeys()) {
    if (!flags.name.empty() && key.name != flags.name) continue;
    const std::string value = key.get(resolved.config);
    const std::string variable = config::VariableOf(key.name);
    text += fmt::format("{}\n  {}{}.\n  values: {}\n  default: {}\n  now: {} ({})\n  variable: {}\n", key.name,
                        key.effect, key.gpu_only ? " (GPU only)" : "", key.values, key.default_text, value,
                        resolved.OriginOf(key.name), variable);
    json[key.name] = {{"effect", key.effect}, {"values", key.values},     {"default", key.default_text},
                      {"value", value},       {"gpu_only", key.gpu_only}, {"variable", variable}};
  }
  if (text.empty()) return config::FindKey(flags.name).status();
  return Print(flags.json ? JsonText(json) : text);
}

// Every value that is not the default, as a file that gives this configuration.
std::string ToToml(const Config& config) {
  std::string text, table;
  for (const config::Key& key : config::AllKeys()) {
    const std::string value = key.get(config);
    if (value == key.default_text) continue;
    const size_t dot = key.name.find('.');
    if (key.name.substr(0, dot) != table) {
      table = key.name.substr(0, dot);
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", table);
    }
    text += fmt::format("{} = {}\n", key.name.substr(dot + 1), config::WriteTomlValue(value, key.is_list));
  }
  return text;
}

Status Preset(const ConfigVerbFlags& flags) {
  if (flags.name.empty()) {
    std::string text;
    for (const config::PresetName& preset : config::PresetNames()) {
      text += fmt::format("{:<16}{}\n", preset.name, preset.summary);
    }
    return Print(text);
  }
  STERNA_ASSIGN_OR_RETURN(const Config preset, Config::preset(flags.name));
  return Print(ToToml(preset));
}

Status Get(const ConfigVerbFlags& flags) {
  STERNA_RETURN_IF_ERROR(NeedName(flags, "a KEY"));
  STERNA_ASSIGN_OR_RETURN(const config::Key* key, config::FindKey(flags.name));
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.config.Resolve());
  return Print(key->get(resolved.config) + "\n");
}

Result<std::string> FileToChange(const ConfigVerbFlags& flags) {
  if (flags.config.file()) return *flags.config.file();
  const config::Sources sources = config::SystemSources();
  if (const auto named = sources.variables.find(std::string(config::kFileVariable));
      named != sources.variables.end() && !named->second.empty()) {
    return named->second;
  }
  if (sources.user_file) return *sources.user_file;
  return Status::InvalidArgument("there is no home folder for a configuration file; give --config FILE");
}

Status Set(const ConfigVerbFlags& flags) {
  STERNA_RETURN_IF_ERROR(NeedName(flags, "a KEY and a VALUE"));
  if (!IsPreset(flags.name)) STERNA_RETURN_IF_ERROR(config::FindKey(flags.name).status());
  STERNA_ASSIGN_OR_RETURN(const std::string path, FileToChange(flags));
  return config::SetInFile(path, flags.name, flags.value);
}

Status Validate(const ConfigVerbFlags& flags) {
  config::Sources sources;
  STERNA_ASSIGN_OR_RETURN(sources.file, flags.name.empty() ? FileToChange(flags) : Result<std::string>(flags.name));
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, config::Resolve(sources));
  STERNA_RETURN_IF_ERROR(config::Validate(resolved.config));
  size_t set = 0;
  for (const auto& [key, origin] : resolved.origins) set += origin != "default";
  return Print(fmt::format("{}: ok, {} settings\n", *sources.file, set));
}

struct Action {
  const char* name;
  Status (*run)(const ConfigVerbFlags& flags);
};
constexpr Action kActions[] = {{"show", Show}, {"explain", Explain}, {"preset", Preset},
                               {"get", Get},   {"set", Set},         {"validate", Validate}};

Status RunAction(const ConfigVerbFlags& flags) {
  std::vector<std::string> names;
  for (const Action& action : kActions) {
    if (flags.action == action.name) return action.run(flags);
    names.emplace_back(action.name);
  }
  if (flags.action.empty()) {
    return Status::InvalidArgument("config needs to know what to do; give show, explain, preset, get, set or validate");
  }
  return Status::InvalidArgument(fmt::format("config does not know '{}'; the nearest is {}, see sterna config --help",
                                             flags.action, config::NearestName(flags.action, names)));
}

}  // namespace

int ConfigVerb(Words words) {
  ConfigVerbFlags values;
  FlagSet flags(
      "config",
      "Settings: show where each value comes from, explain KEY, preset [NAME] as a file, get KEY, set KEY VALUE "
      "in the file, validate [FILE].",
      kConfigExamples);
  flags.AddPositional("ACTION", &values.action, "show, explain, preset, get, set or validate",
                      {"show", "explain", "preset", "get", "set", "validate"});
  flags.AddPositional("NAME", &values.name, "A key, a preset or a file, as the action needs it");
  flags.AddPositional("VALUE", &values.value, "The value for set");
  values.config.AddTo(flags);
  flags.AddSwitch("--json", &values.json, "Print one JSON object");
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(RunAction(values));
}

}  // namespace sterna::cli
