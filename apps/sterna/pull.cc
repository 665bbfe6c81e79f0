// SPDX-License-Identifier: Apache-2.0
//
// sterna pull: fetches a model from a hub into the cache; lists and removes what is there.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "download/pull.h"
#include "download_progress.h"
#include "exit_code.h"
#include "flag_set.h"
#include "interrupt.h"
#include "json_text.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMaxLimitMb = uint64_t{1} << 30;
constexpr char kPullExamples[] =
    "  sterna pull bitnet-2b\n"
    "  sterna pull microsoft/bitnet-b1.58-2B-4T-gguf:i2_s\n"
    "  sterna run -m bitnet-2b -p \"What is a sparrow?\"\n"
    "  sterna pull --list\n"
    "  sterna pull --rm bitnet-2b\n";

struct PullFlags {
  std::string name;
  std::optional<std::string> remove;
  bool list = false;
  bool force = false;
  bool offline = false;
  bool json = false;
  bool verbose = false;
  uint64_t cache_limit_mb = 0;
  uint32_t timeout_seconds = 30;
  uint32_t retries = 5;
};

ordered_json ToJson(const download::CachedModel& model) {
  return {{"name", model.Text()},           {"path", model.path.string()},
          {"bytes", model.bytes},           {"bytes_on_disk", model.bytes_on_disk},
          {"sha256", model.sha256},         {"complete", !model.partial},
          {"hub_cache", model.in_hub_cache}};
}

std::string Line(const download::CachedModel& model) {
  std::string remark;
  if (model.partial) remark = fmt::format("  (a part: {:.1f} MB are here)", double(model.bytes_on_disk) / 1e6);
  if (model.in_hub_cache) remark = "  (in Hugging Face's cache)";
  return EscapeControls(fmt::format("{:>9.1f} MB  {}{}", double(model.bytes) / 1e6, model.Text(), remark)) + "\n";
}

Status List(const download::Settings& settings, bool as_json) {
  ResultStream out;
  ordered_json models = ordered_json::array();
  std::string lines;
  for (const download::CachedModel& model : download::ListModels(settings)) {
    models.push_back(ToJson(model));
    lines += Line(model);
  }
  out.Write(as_json ? JsonText({{"cache", settings.cache_folder.string()}, {"models", models}}) : lines);
  return out.status();
}

Status Remove(const download::Settings& settings, const std::string& word, bool as_json) {
  STERNA_ASSIGN_OR_RETURN(const download::ModelName name, download::ParseModelName(word));
  STERNA_ASSIGN_OR_RETURN(const auto removed, download::RemoveModels(settings, name));
  ordered_json models = ordered_json::array();
  std::string lines;
  for (const download::CachedModel& model : removed) {
    models.push_back(ToJson(model));
    lines += "removed " + EscapeControls(model.Text()) + "\n";
  }
  ResultStream out;
  out.Write(as_json ? JsonText({{"removed", models}}) : lines);
  return out.status();
}

Result<download::PullResult> FetchShowing(const download::Settings& settings, const download::ModelName& name,
                                          bool force) {
  const NoteInterrupts interrupts;
  DownloadProgress progress;
  download::Hooks hooks;
  hooks.should_stop = Interrupted;
  hooks.on_progress = [&](uint64_t done, uint64_t total) { progress.Update(done, total); };
  hooks.on_note = [&](const std::string& line) { progress.Note(line); };
  auto result = download::Pull(settings, name, force, hooks);
  if (result.status().code() == StatusCode::kCancelled) {
    progress.Note("interrupted; what came stays, and the same command goes on from there");
  }
  return result;
}

Status Fetch(const download::Settings& settings, const PullFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const download::ModelName name, download::ParseModelName(flags.name));
  if (flags.force && settings.offline) {
    return Status::InvalidArgument(
        "--force asks the hub and pull is offline; leave --force, or --offline and HF_HUB_OFFLINE, out");
  }
  STERNA_ASSIGN_OR_RETURN(const download::PullResult result, FetchShowing(settings, name, flags.force));
  ResultStream out;
  if (flags.json) {
    ordered_json json = ToJson(result.model);
    json["fetched"] = result.fetched;
    out.Write(JsonText(json));
  } else {
    out.Write(result.model.path.string() + "\n");
  }
  return out.status();
}

Status PullOrListOrRemove(const PullFlags& flags) {
  if (int(!flags.name.empty()) + int(flags.list) + int(flags.remove.has_value()) != 1) {
    std::string names;
    for (const auto& known : download::KnownModels())
      names += fmt::format("{}{}", names.empty() ? "" : ", ", known.short_name);
    return Status::InvalidArgument(
        fmt::format("pull does one thing at a time; give OWNER/MODEL, a short name ({}), --list or --rm NAME", names));
  }
  STERNA_ASSIGN_OR_RETURN(download::Settings settings, download::Settings::FromEnvironment());
  settings.offline |= flags.offline;
  settings.timeout_seconds = flags.timeout_seconds;
  settings.retries = flags.retries;
  settings.user_agent = "sterna/" STERNA_VERSION;
  if (flags.cache_limit_mb > 0) settings.cache_limit_bytes = flags.cache_limit_mb << 20;
  if (flags.list) return List(settings, flags.json);
  return flags.remove ? Remove(settings, *flags.remove, flags.json) : Fetch(settings, flags);
}

Setting CacheLimit(PullFlags& values) {
  Setting setting = UnsignedSetting("--cache-limit", "MB that the cache may hold; what was used longest ago goes",
                                    &values.cache_limit_mb, 1, kMaxLimitMb);
  setting.get = [] { return std::string("STERNA_CACHE_LIMIT, else none"); };
  return setting;
}

}  // namespace

int PullVerb(Words words) {
  PullFlags values;
  FlagSet flags("pull", "Fetches a model from a hub into the cache, where -m finds it by name", kPullExamples);
  flags.AddPositional("NAME", &values.name, "OWNER/MODEL, OWNER/MODEL:FILE, OWNER/MODEL:TYPE or a short name");
  flags.AddSwitch("--list", &values.list, "List what the caches hold");
  flags.AddText("--rm", "NAME", &values.remove, "Remove a model, or one file of it, from the cache [default: none]");
  flags.AddSwitch("--force", &values.force, "Fetch it again even though it is there");
  flags.AddSwitch("--offline", &values.offline, "Open no connection; as HF_HUB_OFFLINE=1");
  flags.Add(CacheLimit(values));
  flags.Add(
      UnsignedSetting("--timeout", "Seconds for a connection, and without a byte", &values.timeout_seconds, 1, 3600));
  flags.Add(UnsignedSetting("--retries", "Tries in a row that may fail", &values.retries, 0, 100));
  flags.AddSwitch("--json", &values.json, "Print one JSON object");
  flags.AddSwitch("-v,--verbose", &values.verbose, "Log more on stderr");
  const auto parsed = flags.Parse(words);
  if (!parsed.ok()) return Finish(parsed.status());
  if (*parsed) return **parsed;
  return Finish(PullOrListOrRemove(values));
}

}  // namespace sterna::cli
