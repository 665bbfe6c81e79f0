// SPDX-License-Identifier: Apache-2.0
#include "api/engine_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/log.h"
#include "base/status_macros.h"
#include "config/keys.h"
#include "platform/cpu_features.h"

namespace sterna::api {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;

// CPU features that the engine must do without.
uint64_t LeftOutFeatures(const EngineConfig& config) {
  const auto off = [](std::optional<bool> enabled) { return enabled.has_value() && !*enabled; };
  uint64_t bits = 0;
  if (off(config.enable_avx2)) bits |= platform::kCpuAvx2;
  if (off(config.enable_avx512)) bits |= platform::kCpuAvx512 | platform::kCpuAvx512Vnni | platform::kCpuAmx;
  if (off(config.enable_fma)) bits |= platform::kCpuFma;
  if (off(config.enable_neon)) bits |= platform::kCpuNeon | platform::kCpuNeonDot | platform::kCpuNeonI8mm;
  return bits;
}

engine::HeadChoice ToHeadChoice(HeadMode mode) {
  switch (mode) {
    case HeadMode::Auto: return engine::HeadChoice::kAuto;
    case HeadMode::Exact: return engine::HeadChoice::kExact;
    case HeadMode::Certified: return engine::HeadChoice::kCertified;
    case HeadMode::Screened: return engine::HeadChoice::kScreened;
  }
  return engine::HeadChoice::kAuto;
}

backend::KvType ToKvType(KvStorage storage) {
  switch (storage) {
    case KvStorage::F32: return backend::KvType::kF32;
    case KvStorage::F16: return backend::KvType::kF16;
    case KvStorage::Q8: return backend::KvType::kQ8;
  }
  return backend::KvType::kF16;
}

memory::EvictionPolicy ToEviction(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::LRU: return memory::EvictionPolicy::kLru;
    case EvictionPolicy::LFU: return memory::EvictionPolicy::kLfu;
    case EvictionPolicy::FIFO: return memory::EvictionPolicy::kFifo;
    case EvictionPolicy::FarthestNext: return memory::EvictionPolicy::kFarthestNext;
  }
  return memory::EvictionPolicy::kFarthestNext;
}

memory::PreloadStrategy ToPreload(PreloadStrategy strategy) {
  switch (strategy) {
    case PreloadStrategy::None: return memory::PreloadStrategy::kNone;
    case PreloadStrategy::Sequential: return memory::PreloadStrategy::kSequential;
    case PreloadStrategy::Predictive: return memory::PreloadStrategy::kPredictive;
  }
  return memory::PreloadStrategy::kPredictive;
}

memory::PressureAction ToAction(PressureAction action) {
  switch (action) {
    case PressureAction::ClearCache: return memory::PressureAction::kClearCache;
    case PressureAction::ForceGC: return memory::PressureAction::kForceGc;
    case PressureAction::ReduceBatchSize: return memory::PressureAction::kReduceBatchSize;
  }
  return memory::PressureAction::kClearCache;
}

memory::PressureConfig ToPressure(const MemoryPressureConfig& config) {
  memory::PressureConfig pressure{config.low_memory_threshold, config.medium_pressure_threshold, {}};
  pressure.actions.reserve(config.high_pressure_actions.size());
  for (const PressureAction action : config.high_pressure_actions) pressure.actions.push_back(ToAction(action));
  return pressure;
}

monitor::HealthRules ToHealthRules(const Config& config) {
  return {.memory_share = config.health.memory_threshold,
          .latency_ms = double(config.health.latency_threshold_ms),
          .error_rate = config.health.error_rate_threshold,
          .check_interval = config.health.check_interval,
          .probe_interval = config.engine.health_check_interval};
}

memory::PoolGrowth ToGrowth(AllocationStrategy strategy) {
  switch (strategy) {
    case AllocationStrategy::Adaptive: return memory::PoolGrowth::kDoubling;
    case AllocationStrategy::Conservative: return memory::PoolGrowth::kByNeed;
    case AllocationStrategy::Fixed: return memory::PoolGrowth::kNever;
  }
  return memory::PoolGrowth::kDoubling;
}

memory::PoolStrategy ToStrategy(PoolStrategy strategy) {
  switch (strategy) {
    case PoolStrategy::Adaptive: return memory::PoolStrategy::kLearned;
    case PoolStrategy::SizeClass: return memory::PoolStrategy::kGivenSizes;
    case PoolStrategy::BestFit: return memory::PoolStrategy::kBestFit;
  }
  return memory::PoolStrategy::kLearned;
}

memory::PoolConfig ToPool(const Config& config) {
  constexpr uint64_t kUnbounded = UINT64_MAX;
  const MemoryPoolConfig& memory = config.memory_pool;
  memory::PoolConfig pool;
  pool.max_bytes = memory.max_size_mb ? *memory.max_size_mb * kMegabyte : kUnbounded;
  pool.chunk_bytes = memory.chunk_size_mb.value_or(0) * kMegabyte;
  pool.alignment = memory.alignment;
  pool.growth = ToGrowth(memory.allocation_strategy);
  pool.tracking = memory.enable_tracking;
  pool.strategy = ToStrategy(config.tensor_pool.strategy);
  pool.sizes = config.tensor_pool.size_thresholds;
  pool.learning = config.adaptive_pool.reuse_detection;
  pool.reuse_target = config.tensor_pool.reuse_threshold;
  pool.tidy_interval = config.tensor_pool.defragmentation_interval;
  pool.small_bytes = config.adaptive_pool.small_tensor_threshold;
  pool.large_bytes = config.adaptive_pool.medium_tensor_threshold.value_or(kUnbounded);
  return pool;
}

backend::UnpackOptions ToUnpack(const Config& config) {
  return {.hold = !config.ternary.packed_storage,
          .cache = config.ternary.cache_unpacked_weights,
          .cache_bytes = config.cache.weight_cache_mb * kMegabyte,
          .batch_weights = config.ternary.unpacking_batch_size};
}

engine::ActivationOptions ToActivations(const ActivationConfig& config) {
  engine::ActivationOptions activations;
  activations.measured = config.quantization_method == QuantMethod::Static;
  activations.outliers = {.clamp = config.outlier_handling == OutlierHandling::Clamp,
                          .percentile = config.clip_percentile};
  activations.ranges_file = config.calibration_file.value_or("");
  activations.calibration_text = config.calibration_text.value_or("");
  activations.calibration_samples = config.calibration_samples;
  return activations;
}

model::LoadingOptions ToLoading(const Config& config) {
  model::LoadingOptions loading;
  loading.use_memory_mapping = config.adaptive_pool.large_tensor_strategy != LargeStrategy::Heap;
  loading.map_bytes = config.model_loading.mmap_threshold_mb * kMegabyte;
  loading.preload_critical = config.model_loading.preload_critical_tensors;
  loading.chunked_bytes = config.gguf.streaming_threshold_mb * kMegabyte;
  loading.chunk_bytes = config.gguf.chunk_size_mb * kMegabyte;
  loading.parallel = config.gguf.parallel_loading;
  return loading;
}

engine::WeightPlacement ToPlacement(const Config& config) {
  if (config.adaptive_pool.large_tensor_strategy == LargeStrategy::Streaming) return engine::WeightPlacement::kStreamed;
  const std::optional<bool> mapped = config.model_loading.use_memory_mapping;
  if (!mapped) return engine::WeightPlacement::kAuto;
  return *mapped ? engine::WeightPlacement::kMapped : engine::WeightPlacement::kCopied;
}

platform::WorkerBinding ToBinding(const EngineConfig& config) {
  switch (config.thread_affinity.value_or(ThreadAffinity::None)) {
    case ThreadAffinity::None: return platform::WorkerBinding::kNone;
    case ThreadAffinity::Core: return platform::WorkerBinding::kCore;
    case ThreadAffinity::NumaNode:
      return config.numa_aware ? platform::WorkerBinding::kNumaNode : platform::WorkerBinding::kNone;
  }
  return platform::WorkerBinding::kNone;
}

Status CheckAlignment(std::string_view key, size_t alignment) {
  if (std::has_single_bit(alignment)) return {};
  return Status::InvalidArgument(fmt::format("{} is {}; give a power of two", key, alignment));
}

Status CheckPressure(const MemoryPressureConfig& config) {
  if (config.low_memory_threshold <= config.medium_pressure_threshold) return {};
  return Status::InvalidArgument(fmt::format(
      "memory_pressure.low_memory_threshold is {}, above the {} of memory_pressure.medium_pressure_threshold; give a "
      "lower one",
      config.low_memory_threshold, config.medium_pressure_threshold));
}

}  // namespace

Result<Device> ChooseDevice(const EngineConfig& config) {
  if (config.device == Device::Auto) return Device::best_available();
  if (config.device.is_available()) return config.device;
  if (config.fallback_device && config.fallback_device->is_available()) {
    Log(LogLevel::kWarn, "api",
        fmt::format("device {} is not available; layers run on {}", config.device.to_string(),
                    config.fallback_device->to_string()));
    return config.fallback_device->or_fallback(Device::Cpu);
  }
  return Status::Unavailable(fmt::format(
      "device {} is not available and there is no fallback; set engine.device to cpu", config.device.to_string()));
}

Result<engine::EngineOptions> ToEngineOptions(const Config& config) {
  STERNA_RETURN_IF_ERROR(config::Validate(config));
  STERNA_RETURN_IF_ERROR(CheckAlignment("engine.memory_alignment", config.engine.memory_alignment.value_or(64)));
  STERNA_RETURN_IF_ERROR(CheckAlignment("memory_pool.alignment", config.memory_pool.alignment));
  STERNA_RETURN_IF_ERROR(CheckPressure(config.memory_pressure));
  STERNA_RETURN_IF_ERROR(ChooseDevice(config.engine).status());
  const EngineConfig& engine = config.engine;
  engine::EngineOptions options;
  options.instance_id = engine.instance_id;
  options.threads = engine.thread_count;
  options.threads_prefill = config.inference.prefill_thread_count;
  options.binding = ToBinding(engine);
  options.left_out_cpu_features = LeftOutFeatures(engine);
  options.isa = config.inference.kernels.value_or("");
  options.context_tokens = config.inference.max_sequence_length;
  options.kv_type = ToKvType(config.inference.kv_storage);
  options.head = ToHeadChoice(config.inference.head_mode);
  options.step_sequences = config.batch.max_batch_size;
  options.prefill_chunk_tokens = config.batch.chunk_size * BatchConfig::kTokensPerChunkTile;
  options.step_rows = std::max(options.step_rows, options.prefill_chunk_tokens);
  options.kv_limit_bytes = config.batch.memory_limit_mb * kMegabyte;
  options.memory_limit_bytes = engine.memory_limit_mb.value_or(0) * kMegabyte;
  if (engine.use_aligned_allocations && engine.memory_alignment) {
    options.alignment_bytes = std::max<uint64_t>(options.alignment_bytes, *engine.memory_alignment);
  }
  options.place_on_nodes = engine.numa_aware;
  options.work_item_bytes = engine.cache_chunk_size_kb << 10;
  options.parallel_threshold = engine.parallel_threshold;
  options.read_ahead = engine.enable_prefetching;
  options.verify_checksums = config.gguf.validate_checksums;
  options.weights = ToPlacement(config);
  options.tensor_cache_bytes = config.cache.tensor_cache_mb * kMegabyte;
  options.prefix_cache_bytes = config.cache.activation_cache_mb * kMegabyte;
  options.eviction_policy = ToEviction(config.cache.eviction_policy);
  options.preload_strategy = ToPreload(config.cache.preload_strategy);
  options.pool = ToPool(config);
  if (const auto initial_mb = config.memory_pool.initial_size_mb) options.pool_initial_bytes = *initial_mb * kMegabyte;
  options.pressure = ToPressure(config.memory_pressure);
  options.model.loading = ToLoading(config);
  options.unpack = ToUnpack(config);
  options.vectorized_unpacking = config.ternary.vectorized_unpacking;
  options.activations = ToActivations(config.activation);
  options.health = ToHealthRules(config);
  options.watch_health = engine.enable_monitoring;
  return options;
}

sample::SamplingParams ToSamplingParams(const GenerationConfig& config) {
  sample::SamplingParams params;
  params.temperature = config.do_sample ? config.temperature : 0;
  params.top_k = config.top_k;
  params.top_p = config.top_p;
  params.min_p = config.min_p;
  params.repetition_penalty = config.repetition_penalty;
  params.frequency_penalty = config.frequency_penalty;
  params.presence_penalty = config.presence_penalty;
  params.penalty_window_tokens = config.penalty_window;
  params.seed = config.seed.value_or(0);
  return params;
}

}  // namespace sterna::api
