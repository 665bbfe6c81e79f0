// SPDX-License-Identifier: Apache-2.0
//
// sterna inspect: what a model file holds, what was decided about it and why, and whether it runs.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "convert/compare.h"
#include "download/resolve_model.h"
#include "engine/engine.h"
#include "exit_code.h"
#include "flag_set.h"
#include "inspect_diff.h"
#include "inspect_metadata.h"
#include "inspect_report.h"
#include "memory_plan_json.h"
#include "model/activation.h"
#include "model/model_config.h"
#include "model_flags.h"
#include "platform/memory_usage.h"
#include "streams.h"
#include "text/chat_template.h"
#include "text/vocabulary.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kInspectExamples[] =
    "  sterna inspect model.gguf\n"
    "  sterna inspect model.gguf --tensors\n"
    "  sterna inspect model.gguf --json --no-load\n"
    "  sterna inspect model.gguf --diff other.gguf\n";

struct InspectFlags {
  ModelFlags model;
  std::string file;
  std::optional<std::string> other;  // to compare with
  bool tensors = false;
  bool no_load = false;
  bool json = false;
};

// Reasons from the rooms below begin with the value they explain: "relu2: key ...".
ordered_json Decision(std::string value, std::string reason) {
  if (reason.starts_with(value + ": ")) reason.erase(0, value.size() + 2);
  return {{"value", std::move(value)}, {"reason", std::move(reason)}};
}

ordered_json Undecided(const Status& status) { return Decision("undecided", status.message()); }

// The tiles of each shape that TL1 and TL2 tensors have.
void AddTileDecision(const InspectFlags& flags, const format::GgufFile& file, ordered_json& decisions) {
  std::map<std::string, std::string> tiles;  // by type and shape
  for (const format::GgufTensor& tensor : file.tensors()) {
    if (tensor.type != quant::TensorType::kTL1 && tensor.type != quant::TensorType::kTL2) continue;
    const auto chosen =
        model::ChooseTlTiles(*tensor.type, tensor.rows(), tensor.columns(), flags.model.tl_tile_options);
    if (!chosen.ok()) {
      decisions["tl_tiles"] = Undecided(chosen.status());
      return;
    }
    tiles[fmt::format("{} {}x{}", tensor.type_name, tensor.rows(), tensor.columns())] = model::ToText(*chosen);
  }
  if (tiles.empty()) return;
  std::string text;
  for (const auto& [shape, of_shape] : tiles) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", shape, of_shape);
  }
  decisions["tl_tiles"] =
      Decision(text, flags.model.tl_tiles == "auto" ? "bitnet.cpp's published kernels of that shape" : "--tl-tiles");
}

void AddModelDecisions(const InspectFlags& flags, const format::GgufFile& file, ordered_json& decisions) {
  const auto config = model::ReadModelConfig(file, flags.model.ModelOptions());
  if (config.ok()) {
    decisions["activation"] =
        Decision(std::string(model::ActivationName(config->activation)), config->activation_reason);
  } else {
    decisions["activation"] = Undecided(config.status());
  }
  bool has_i2s = false;
  for (const format::GgufTensor& tensor : file.tensors()) has_i2s |= tensor.type == quant::TensorType::kI2_S;
  if (has_i2s) {
    const std::string& layout = flags.model.i2s_layout;
    decisions["i2s_layout"] = layout == "auto" ? Decision("x86", "the published byte order; files do not say theirs")
                                               : Decision(layout, "--i2s-layout");
  }
  AddTileDecision(flags, file, decisions);
  if (file.FindTensor("token_embd.weight") != nullptr) {
    const bool tied = file.FindTensor("output.weight") == nullptr;
    decisions["head"] = tied ? Decision("tied", "there is no tensor output.weight: the embedding is the head")
                             : Decision("own", "tensor output.weight");
  }
}

void AddTextDecisions(const format::GgufFile& file, ordered_json& decisions, ordered_json& warnings) {
  const auto vocabulary = text::ReadVocabulary(file);
  if (!vocabulary.ok()) {
    decisions["pre_tokenizer"] = Undecided(vocabulary.status());
    return;
  }
  decisions["pre_tokenizer"] = Decision(vocabulary->pre_tokenizer, vocabulary->pre_reason);
  ordered_json ends = ordered_json::array();
  for (const text::TokenId id : vocabulary->end_of_generation) {
    ends.push_back(fmt::format("{} {}", id, vocabulary->tokens[size_t(id)]));
  }
  decisions["end_of_generation"] = ends;
  for (const std::string& warning : vocabulary->warnings) warnings.push_back(warning);
  const auto architecture = file.GetString("general.architecture");
  const std::string_view name = architecture.ok() && *architecture ? **architecture : std::string_view();
  const auto choice = text::ChatTemplate::ForModel(name, *vocabulary, "");
  if (!choice.ok()) {
    decisions["chat_template"] = Undecided(choice.status());
  } else {
    const bool found = choice->chat_template != nullptr;
    decisions["chat_template"] = Decision(found ? std::string(choice->chat_template->name()) : "none", choice->reason);
  }
}

// [{"name", "rule", "bytes"}, ...] in the order of loading.
ordered_json LoadingJson(std::span<const model::TensorPlacement> placements) {
  ordered_json json = ordered_json::array();
  for (const model::TensorPlacement& placement : placements) {
    json.push_back(
        {{"name", placement.name}, {"rule", model::LoadRuleName(placement.rule)}, {"bytes", placement.bytes}});
  }
  return json;
}

// Loads the model as `run` does: the only answer to "does it run" that cannot be wrong.
Status AddLoad(const InspectFlags& flags, const format::GgufFile& file, ordered_json& report) {
  STERNA_ASSIGN_OR_RETURN(const engine::EngineOptions options, flags.model.EngineOptions());
  report["runs"] = nullptr;
  if (flags.no_load) {
    report["reason"] = "--no-load was given";
    return {};
  }
  // Weights are repacked into memory of about the file's size; keys, values and scratch come on top.
  const uint64_t needed = file.file_bytes() + file.file_bytes() / 4;
  if (needed > platform::AvailableMemoryBytes()) {
    report["reason"] =
        fmt::format("loading needs about {} bytes and {} are free", needed, platform::AvailableMemoryBytes());
    return {};
  }
  const auto engine = engine::Engine::Load(flags.file, options);
  report["runs"] = engine.ok();
  if (engine.ok()) {
    report["memory_plan"] = PlanToJson((*engine)->report().plan);
    report["loading"] = LoadingJson((*engine)->report().placements);
    report["weight_bytes_per_token"] = (*engine)->report().weight_bytes_per_token;
  } else {
    report["reason"] = engine.status().message();
  }
  return {};
}

// How many of the linear layers' codes are zero.
Status AddTernaryCounts(const InspectFlags& flags, const format::GgufFile& file, ordered_json& report) {
  const auto counts = convert::CountTernary(file, flags.model.ModelOptions());
  if (!counts.ok()) {
    report["warnings"].push_back(counts.status().message());
  } else if (counts->values > 0) {
    report["ternary"] = {{"tensors", counts->tensors},
                         {"values", counts->values},
                         {"zeros", counts->zeros},
                         {"zero_share", double(counts->zeros) / double(counts->values)}};
  }
  return file.CheckStillWhole();
}

Status Inspect(InspectFlags flags) {
  if (flags.file.empty()) return Status::InvalidArgument("no file; give one, as in sterna inspect model.gguf");
  STERNA_ASSIGN_OR_RETURN(flags.file, download::ResolveModelFile(flags.file));
  if (flags.other) {
    STERNA_ASSIGN_OR_RETURN(const std::string other, download::ResolveModelFile(*flags.other));
    return PrintDifferences(flags.file, other, flags.model.ModelOptions(), flags.json);
  }
  STERNA_ASSIGN_OR_RETURN(const format::GgufFile file, format::GgufFile::Open(flags.file));
  ordered_json decisions = ordered_json::object();
  ordered_json warnings = ordered_json::array();
  for (const std::string& warning : file.warnings()) warnings.push_back(warning);
  AddModelDecisions(flags, file, decisions);
  AddTextDecisions(file, decisions, warnings);
  ordered_json report = {{"file", file.name()},
                         {"format", "GGUF"},
                         {"version", file.version()},
                         {"bytes", file.file_bytes()},
                         {"alignment", file.alignment()},
                         {"tensor_count", file.tensors().size()},
                         {"tensor_types", TensorTypesToJson(file)},
                         {"metadata", MetadataToJson(file)},
                         {"tensors", TensorsToJson(file)},
                         {"decisions", decisions},
                         {"warnings", warnings}};
  STERNA_RETURN_IF_ERROR(file.CheckStillWhole());
  if (!flags.no_load) STERNA_RETURN_IF_ERROR(AddTernaryCounts(flags, file, report));
  STERNA_RETURN_IF_ERROR(AddLoad(flags, file, report));
  ResultStream out;
  const auto replace = nlohmann::json::error_handler_t::replace;
  out.Write(flags.json ? report.dump(2, ' ', false, replace) + "\n" : InspectText(report, flags.tensors));
  return out.status();
}

}  // namespace

int InspectVerb(Words words) {
  InspectFlags values;
  FlagSet flags("inspect",
                "Say what a model file holds, what was decided about it and why, and whether Sterna runs it.",
                kInspectExamples);
  flags.AddPositional("FILE", &values.file, "The GGUF file to look into, or the name of a pulled model [required]");
  flags.AddSwitch("--tensors", &values.tensors, "List every tensor");
  flags.AddSwitch("--no-load", &values.no_load,
                  "Do not read the weights: no word on zeros, nor on whether the model runs");
  flags.AddText("--diff", "FILE", &values.other,
                "Compare with this file instead: exit code 1 where keys or values differ [default: none]");
  flags.AddSwitch("--json", &values.json, "Print one JSON object, with every tensor");
  flags.AddSwitch("-v,--verbose", &values.model.verbose, "Log more on stderr");
  values.model.AddReadingTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Inspect(std::move(values)));
}

}  // namespace sterna::cli
