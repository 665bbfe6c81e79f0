// SPDX-License-Identifier: Apache-2.0
#include "model_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/engine_options.h"
#include "base/status_macros.h"
#include "built_in_model.h"
#include "download/resolve_model.h"
#include "platform/environment.h"
#include "platform/thread_pool.h"
#include "streams.h"
#include "tune/tuned_file.h"

namespace sterna::cli {
namespace {

constexpr uint32_t kMaxChunkTokens = 1u << 16;

constexpr KeyFlag kModelFlags[] = {
    {"-t,--threads", "N", "engine.thread_count"},
    {"--threads-prefill", "N", "inference.prefill_thread_count"},
    {"-c,--ctx", "N", "inference.max_sequence_length"},
    {"--kv", "NAME", "inference.kv_storage"},
    {"--head", "NAME", "inference.head_mode"},
    {"--memory-limit", "MB", "engine.memory_limit_mb"},
    {"--device", "NAME", "engine.device"},
};

// A setting whose default is not a number: "the model's", "all usable cores".
Setting WithDefault(Setting setting, const std::string& shown) {
  setting.get = [shown] { return shown; };
  return setting;
}

constexpr size_t kMaxKernelConfigBytes = size_t{1} << 20;

// What --tl-tiles says, which is a file where it is nothing else.
Result<model::TlTileOptions> ReadTlTiles(const std::string& text) {
  auto options = model::ParseTlTiles(text);
  if (options.ok()) return options;
  const auto config = ReadTextFile(text, kMaxKernelConfigBytes);
  if (!config.ok()) {
    return Status::InvalidArgument(
        fmt::format("--tl-tiles: {}; nor is it a file: {}", options.status().message(), config.status().message()));
  }
  options = model::ParseKernelConfig(*config);
  if (options.ok()) return options;
  return Status::InvalidArgument(fmt::format("--tl-tiles: '{}': {}", text, options.status().message()));
}

}  // namespace

void ModelFlags::AddModelTo(FlagSet& flags) {
  flags.AddText("-m,--model", "FILE", &model,
                "Model file in GGUF, or the name of a pulled model [default: STERNA_MODEL, else the built-in model]");
  flags.AddSwitch("-v,--verbose", &verbose, "Say on stderr what is loaded, planned and used");
}

void ModelFlags::AddReadingTo(FlagSet& flags) {
  flags.Add(ChoiceSetting("--ffn-act", "Activation of the feed-forward network; auto decides by the file", &ffn_act,
                          {"auto", "relu2", "silu", "gelu"}));
  flags.Add(ChoiceSetting("--i2s-layout", "Byte order of I2_S tensors; auto is x86, the published one", &i2s_layout,
                          {"auto", "x86", "neon", "rows4"}));
  flags.Add(
      {"--tl-tiles", "TILES",
       "Tiles of TL1 and TL2 tensors: the kernel_config.ini of the bitnet.cpp that wrote them, BM,BK,bm, setup or "
       "preset; auto knows the published kernels",
       [this](std::string_view text) -> Status {
         tl_tiles = std::string(text);
         STERNA_ASSIGN_OR_RETURN(tl_tile_options, ReadTlTiles(tl_tiles));
         return {};
       },
       [this] { return tl_tiles; }});
}

void ModelFlags::AddTo(FlagSet& flags) {
  flags.Group("Model flags");
  AddModelTo(flags);
  for (const KeyFlag& flag : kModelFlags) config.AddKey(flags, flag.names, flag.placeholder, flag.key);
  AddReadingTo(flags);
  AddWeightsTo(flags);
  flags.AddSwitch("--verify-checksums", &verify_checksums, "Check every tensor of a sterna file before it is used");
  flags.Add(
      WithDefault(UnsignedSetting("--prefill-chunk", "Prompt tokens computed at a time; results do not depend on it",
                                  &prefill_chunk, 1, kMaxChunkTokens),
                  "256, batch.chunk_size"));
  flags.AddText("--profile", "PATH", &profile,
                "Record the run: PATH.html, PATH.json and PATH.trace.json [default: STERNA_PROFILE, else none]");
  flags.AddSwitch("--profile-detail", &profile_detail, "With --profile: a span for each layer, operation and worker");
  config.SetDefault("profile.enable_memory_tracking", "true");
  config.AddTo(flags);
}

// Two keys, with words of its own.
void ModelFlags::AddWeightsTo(FlagSet& flags) {
  Setting setting =
      ChoiceSetting("--weights",
                    "Where weights lie: mapped (of a sterna file) starts sooner and shares them between processes, "
                    "copied generates faster, streamed reads them from the file layer by layer while the model "
                    "runs; auto is copied, or streamed where --memory-limit leaves no room",
                    &weights, {"auto", "mapped", "copied", "streamed"});
  flags.Add({setting.names, setting.placeholder, setting.help,
             [this, set = setting.set](std::string_view text) -> Status {
               STERNA_RETURN_IF_ERROR(set(text));
               const bool streamed = text == "streamed";
               STERNA_RETURN_IF_ERROR(config.Assign("--weights", "adaptive_pool.large_tensor_strategy",
                                                    streamed ? "streaming" : "mapped"));
               if (streamed) return {};
               const char* const mapped = text == "auto" ? "auto" : (text == "mapped" ? "true" : "false");
               return config.Assign("--weights", "model_loading.use_memory_mapping", mapped);
             },
             setting.get});
}

Result<std::string> ModelFlags::ModelPath() const {
  if (model) return download::ResolveModelFile(*model);
  if (const auto path = platform::GetEnvironment("STERNA_MODEL"); path && !path->empty())
    return download::ResolveModelFile(*path);
  return FindBuiltInModel();
}

model::ModelOptions ModelFlags::ModelOptions() const {
  using Activation = model::ModelOptions::FfnActivation;
  model::ModelOptions options;
  if (ffn_act == "relu2") options.ffn_activation = Activation::kRelu2;
  if (ffn_act == "silu") options.ffn_activation = Activation::kSilu;
  if (ffn_act == "gelu") options.ffn_activation = Activation::kGelu;
  if (i2s_layout == "neon") options.i2s_layout = quant::I2sLayout::kNeon;
  if (i2s_layout == "rows4") options.i2s_layout = quant::I2sLayout::kRows4;
  options.tl_tiles = tl_tile_options;
  return options;
}

std::vector<config::Assignment> ModelFlags::Tuned() const {
  if (!use_tuned) return {};
  const auto path = ModelPath();
  return path.ok() ? tune::TunedSettings(*path) : std::vector<config::Assignment>();
}

Result<engine::EngineOptions> ModelFlags::EngineOptions() const {
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, config.Resolve(Tuned()));
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions options, api::ToEngineOptions(resolved.config));
  if (prefill_chunk > 0) {
    options.prefill_chunk_tokens = prefill_chunk;
    options.step_rows = std::max(options.step_rows, prefill_chunk);
  }
  if (verify_checksums) options.verify_checksums = true;
  const model::LoadingOptions loading = options.model.loading;
  options.model = ModelOptions();
  options.model.loading = loading;
  return options;
}

Result<std::unique_ptr<RunProfile>> ModelFlags::StartProfile() const {
  std::optional<std::string> path = profile;
  if (const auto variable = platform::GetEnvironment("STERNA_PROFILE"); !path && variable) {
    path = ProfilePathFromVariable(*variable);
  }
  if (!path) return std::unique_ptr<RunProfile>();
  if (path->empty()) return Status::InvalidArgument("--profile is empty; give the path of the reports");
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, config.Resolve());
  ProfileConfig wanted = resolved.config.profile;
  if (profile_detail) wanted.enable_detailed_timing = true;
  return RunProfile::Start(*path, wanted);
}

}  // namespace sterna::cli
