// SPDX-License-Identifier: Apache-2.0
//
// The configurations that the performance guide recommends, by name. What depends on the machine is read when asked.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/status_macros.h"
#include "config/nearest_name.h"
#include "config/presets.h"
#include "platform/memory_usage.h"
#include "platform/topology.h"

namespace sterna {
namespace {

constexpr uint64_t kGigabyte = uint64_t{1} << 30;
constexpr MiB kProductionMemoryMb = 6144;
constexpr MiB kUnifiedMemoryMb = 8192;
constexpr MiB kServerPrefixMb = 512;    // many requests begin with one system prompt
constexpr uint32_t kReservedCores = 2;  // for the system, on a server

EngineConfig AppleSilicon() {
  EngineConfig engine;
  engine.device = Device::Metal;
  engine.fallback_device = Device::Cpu;
  engine.memory_limit_mb = kUnifiedMemoryMb;
  engine.enable_neon = true;
  engine.metal_performance_shaders = true;
  engine.cache_chunk_size_kb = 32;
  return engine;
}

EngineConfig X86() {
  EngineConfig engine;
  engine.device = Device::Cpu;
  engine.thread_count = platform::UsableCores();
  engine.enable_avx2 = true;
  engine.enable_fma = true;
  engine.numa_aware = true;
  return engine;
}

EngineConfig Nvidia() {
  EngineConfig engine;
  engine.device = Device::Cuda;
  engine.cuda_device_id = 0;
  engine.memory_limit_mb = kProductionMemoryMb;
  engine.cuda_streams = 4;
  engine.enable_tensor_cores = true;
  return engine;
}

EngineConfig Production() {
  EngineConfig engine;
  engine.device = Device::Cpu;
  const uint32_t cores = platform::UsableCores();
  engine.thread_count = cores > kReservedCores ? cores - kReservedCores : 1;
  engine.memory_limit_mb = kProductionMemoryMb;
  engine.enable_monitoring = true;
  engine.health_check_interval = std::chrono::seconds(30);
  return engine;
}

struct Preset {
  const char* name;
  const char* summary;
  Config (*make)();
};

template <EngineConfig (*kEngine)()>
Config WithEngine() {
  Config config;
  config.engine = kEngine();
  return config;
}

// The guide's for batches: buffers of many requests come in few pieces.
void UseLargePool(MemoryPoolConfig& pool) {
  pool.chunk_size_mb = 64;
  pool.max_size_mb = 4096;
}

// Little is kept, and given back early.
Config Mobile() {
  Config config;
  config.batch = BatchConfig::for_profile(HardwareProfile::Mobile);
  config.memory_pool.allocation_strategy = AllocationStrategy::Conservative;
  config.cache.tensor_cache_mb = 128;
  config.cache.activation_cache_mb = 32;
  config.memory_pressure.low_memory_threshold = 0.7;
  config.memory_pressure.medium_pressure_threshold = 0.8;
  return config;
}

Config Desktop() {
  Config config;
  config.batch = BatchConfig::for_profile(HardwareProfile::Desktop);
  return config;
}

Config Server() {
  Config config;
  config.batch = BatchConfig::for_profile(HardwareProfile::Server);
  UseLargePool(config.memory_pool);
  config.cache.activation_cache_mb = kServerPrefixMb;
  return config;
}

Config X86Machine() {
  Config config = WithEngine<X86>();
  UseLargePool(config.memory_pool);
  return config;
}

// Memory, pressure and health as the guide has them for servers that are watched.
Config ProductionServer() {
  Config config = WithEngine<Production>();
  UseLargePool(config.memory_pool);
  config.memory_pool.enable_tracking = true;
  config.cache.activation_cache_mb = kServerPrefixMb;
  config.memory_pressure = {.low_memory_threshold = 0.8, .medium_pressure_threshold = 0.9};
  config.health = {.memory_threshold = 0.9,
                   .latency_threshold_ms = 1000,
                   .error_rate_threshold = 0.01,
                   .check_interval = std::chrono::seconds(10)};
  return config;
}

constexpr Preset kPresets[] = {
    {"default", "What Sterna does when nobody says otherwise", [] { return Config(); }},
    {"mobile", "Few sequences, small steps, small caches that are emptied early", Mobile},
    {"desktop", "The batch sizes of the default", Desktop},
    {"server", "Many sequences, large steps, large caches", Server},
    {"apple_silicon", "Metal with the CPU as a way out", WithEngine<AppleSilicon>},
    {"x86_64", "Every core of an Intel or AMD CPU", X86Machine},
    {"nvidia", "CUDA with the CPU as a way out", WithEngine<Nvidia>},
    {"production", "A server on the CPU: two cores left to the system, 6 GB, monitored", ProductionServer},
};

// The i-th of n shares of a whole, so that shares differ by one at most and sum up.
uint32_t ShareOf(uint32_t whole, uint32_t index, uint32_t count) {
  return whole / count + (index < whole % count ? 1 : 0);
}

}  // namespace

namespace config {

HardwareProfile ChooseProfile(uint32_t cores, uint64_t memory_bytes) {
  constexpr uint32_t kMobileCores = 4, kServerCores = 16;
  if (cores < kMobileCores || memory_bytes < 4 * kGigabyte) return HardwareProfile::Mobile;
  return cores > kServerCores ? HardwareProfile::Server : HardwareProfile::Desktop;
}

std::vector<PresetName> PresetNames() {
  std::vector<PresetName> names;
  for (const Preset& preset : kPresets) names.push_back({preset.name, preset.summary});
  return names;
}

}  // namespace config

BatchConfig BatchConfig::for_profile(HardwareProfile profile) {
  switch (profile) {
    case HardwareProfile::Auto:
      return for_profile(config::ChooseProfile(platform::UsableCores(), platform::AvailableMemoryBytes()));
    case HardwareProfile::Mobile: return {.max_batch_size = 4, .chunk_size = 1, .memory_limit_mb = 512};
    case HardwareProfile::Desktop: return {.max_batch_size = 16, .chunk_size = 4, .memory_limit_mb = 2048};
    case HardwareProfile::Server: return {.max_batch_size = 64, .chunk_size = 16, .memory_limit_mb = 8192};
  }
  return {};
}

std::vector<PressureAction> MemoryPressureConfig::all_actions() {
  constexpr std::array kAll = {PressureAction::ClearCache, PressureAction::ForceGC, PressureAction::ReduceBatchSize};
  return {kAll.begin(), kAll.end()};
}

Result<Config> Config::preset(std::string_view name) {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) {
    if (name == preset.name) return preset.make();
    names.emplace_back(preset.name);
  }
  return Status::InvalidArgument(
      fmt::format("unknown preset '{}'; the nearest is {}", name.substr(0, 64), config::NearestName(name, names)));
}

Result<std::vector<Config>> Config::load_balanced(const Config& base, uint32_t instances, MiB total_memory_mb) {
  const uint32_t cores = base.engine.thread_count.value_or(platform::UsableCores());
  if (instances < 1 || instances > cores) {
    return Status::InvalidArgument(
        fmt::format("{} instances cannot share {} cores; give 1..{}", instances, cores, cores));
  }
  if (total_memory_mb < instances) {
    return Status::InvalidArgument(fmt::format("{} MB are too little for {} instances", total_memory_mb, instances));
  }
  std::vector<Config> configs;
  for (uint32_t i = 0; i < instances; ++i) {
    Config config = base;
    config.engine.instance_id = i;
    config.engine.memory_limit_mb = total_memory_mb / instances;
    config.engine.thread_count = ShareOf(cores, i, instances);
    configs.push_back(std::move(config));
  }
  return configs;
}

}  // namespace sterna
