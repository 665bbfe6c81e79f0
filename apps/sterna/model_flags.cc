// SPDX-License-Identifier: Apache-2.0
#include "model_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "built_in_model.h"
#include "model_path.h"
#include "number_parsing.h"
#include "platform/environment.h"
#include "platform/thread_pool.h"
#include "streams.h"

namespace sterna::cli {
namespace {

constexpr uint32_t kMaxContextTokens = 1u << 20;
constexpr uint32_t kMaxChunkTokens = 1u << 16;
constexpr uint64_t kMaxMemoryLimitMb = uint64_t{1} << 24;

// A setting whose default is not a number: "the model's", "all usable cores".
Setting WithDefault(Setting setting, const std::string& shown) {
  setting.get = [shown] { return shown; };
  return setting;
}

engine::HeadChoice HeadChoiceOf(const std::string& name) {
  if (name == "exact") return engine::HeadChoice::kExact;
  if (name == "certified") return engine::HeadChoice::kCertified;
  return name == "screened" ? engine::HeadChoice::kScreened : engine::HeadChoice::kAuto;
}

backend::KvType KvTypeOf(const std::string& name) {
  if (name == "f32") return backend::KvType::kF32;
  return name == "q8" ? backend::KvType::kQ8 : backend::KvType::kF16;
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
  flags.Add(
      WithDefault(UnsignedSetting("-t,--threads", "Worker threads", &threads, 1, platform::ThreadPool::kMaxThreads),
                  "STERNA_THREADS, else the usable physical cores"));
  flags.Add(WithDefault(UnsignedSetting("--threads-prefill", "Worker threads in steps of more than 16 tokens",
                                        &threads_prefill, 1, platform::ThreadPool::kMaxThreads),
                        "as --threads"));
  flags.Add(
      WithDefault(UnsignedSetting("-c,--ctx", "Context in tokens", &context, 1, kMaxContextTokens), "the model's"));
  flags.Add(ChoiceSetting("--kv", "Storage of keys and values", &kv, {"f32", "f16", "q8"}));
  flags.Add(
      ChoiceSetting("--head", "How the output head is computed", &head, {"auto", "exact", "certified", "screened"}));
  AddReadingTo(flags);
  flags.Add(ChoiceSetting("--weights",
                          "Where the weights of a sterna file lie: mapped starts sooner and shares them between "
                          "processes, copied generates faster; auto is copied",
                          &weights, {"auto", "mapped", "copied"}));
  flags.AddSwitch("--verify-checksums", &verify_checksums, "Check every tensor of a sterna file before it is used");
  flags.Add(UnsignedSetting("--prefill-chunk", "Prompt tokens computed at a time; results do not depend on it",
                            &prefill_chunk, 1, kMaxChunkTokens));
  flags.Add(WithDefault(UnsignedSetting("--memory-limit", "Refuse to load what needs more memory, in MB",
                                        &memory_limit_mb, 1, kMaxMemoryLimitMb),
                        "none"));
}

Result<std::string> ModelFlags::ModelPath() const {
  if (model) return ResolveModelFile(*model);
  if (const auto path = platform::GetEnvironment("STERNA_MODEL"); path && !path->empty())
    return ResolveModelFile(*path);
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

Result<engine::EngineOptions> ModelFlags::EngineOptions() const {
  engine::EngineOptions options;
  if (threads > 0) {
    options.threads = threads;
  } else if (const auto text = platform::GetEnvironment("STERNA_THREADS"); text && !text->empty()) {
    STERNA_ASSIGN_OR_RETURN(const uint64_t value,
                            ParseUnsigned("STERNA_THREADS", *text, 1, platform::ThreadPool::kMaxThreads));
    options.threads = static_cast<uint32_t>(value);
  }
  if (threads_prefill > 0) options.threads_prefill = threads_prefill;
  if (const auto isa = platform::GetEnvironment("STERNA_ISA")) options.isa = *isa;
  if (context > 0) options.context_tokens = context;
  options.kv_type = KvTypeOf(kv);
  options.head = HeadChoiceOf(head);
  options.prefill_chunk_tokens = prefill_chunk;
  options.step_rows = std::max(options.step_rows, prefill_chunk);
  options.memory_limit_bytes = memory_limit_mb << 20;
  if (weights == "mapped") options.weights = engine::WeightPlacement::kMapped;
  if (weights == "copied") options.weights = engine::WeightPlacement::kCopied;
  options.verify_checksums = verify_checksums;
  options.model = ModelOptions();
  return options;
}

}  // namespace sterna::cli
