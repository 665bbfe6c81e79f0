// SPDX-License-Identifier: Apache-2.0
//
// What the performance guide writes, in C++: this file compiles with every warning an error, as a program that uses the
// installed headers would. Structs of the guide that Sterna does not have yet are not here (docs/configuration.md).
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "sterna/sterna.h"

namespace {

using namespace sterna;  // as a reader of the guide would

EngineConfig AlignedForNeon() { return {.memory_alignment = 16, .use_aligned_allocations = true}; }

EngineConfig ForTheCache() {
  return {.cache_chunk_size_kb = 32, .enable_prefetching = true, .parallel_threshold = 16384};
}

EngineConfig Threads() {
  return {
      .thread_count = std::thread::hardware_concurrency(), .thread_affinity = ThreadAffinity::Core, .numa_aware = true};
}

BatchConfig BatchOf(HardwareProfile hardware_profile) {
  switch (hardware_profile) {
    case HardwareProfile::Mobile: return {.max_batch_size = 4, .chunk_size = 1, .memory_limit_mb = 512};
    case HardwareProfile::Server: return {.max_batch_size = 64, .chunk_size = 16, .memory_limit_mb = 8192};
    case HardwareProfile::Desktop:
    case HardwareProfile::Auto: break;
  }
  return {.max_batch_size = 16, .chunk_size = 4, .memory_limit_mb = 2048};
}

GGUFConfig Files() {
  return {.streaming_threshold_mb = 100, .chunk_size_mb = 16, .parallel_loading = true, .validate_checksums = false};
}

ModelLoadingConfig Loading() {
  return {.use_memory_mapping = true, .mmap_threshold_mb = 256, .preload_critical_tensors = true};
}

MemoryPoolConfig Memory() {
  return {.initial_size_mb = 1024,
          .max_size_mb = 4096,
          .allocation_strategy = AllocationStrategy::Adaptive,
          .chunk_size_mb = 64,
          .enable_tracking = true,
          .alignment = 64};
}

TensorPoolConfig Tensors() {
  return {.strategy = PoolStrategy::Adaptive,
          .reuse_threshold = 0.9,
          .defragmentation_interval = std::chrono::seconds(300)};
}

AdaptivePoolConfig Pool() {
  return {.small_tensor_threshold = 1024,
          .medium_tensor_threshold = 65536,
          .large_tensor_strategy = LargeStrategy::Streaming};
}

MemoryPressureConfig Pressure() {
  return {
      .low_memory_threshold = 0.8,
      .medium_pressure_threshold = 0.9,
      .high_pressure_actions = {PressureAction::ClearCache, PressureAction::ForceGC, PressureAction::ReduceBatchSize}};
}

CacheConfig Caches() {
  return {.tensor_cache_mb = 512,
          .activation_cache_mb = 128,
          .eviction_policy = EvictionPolicy::LRU,
          .preload_strategy = PreloadStrategy::Predictive};
}

EngineConfig Metal() {
  return {.device = Device::Metal, .memory_limit_mb = 8192, .unified_memory = true, .metal_performance_shaders = true};
}

EngineConfig Cuda() {
  return {.device = Device::Cuda, .cuda_device_id = 0, .memory_limit_mb = 6144, .cuda_streams = 4};
}

EngineConfig AppleSilicon() {
  return {.device = Device::Metal,
          .fallback_device = Device::Cpu,
          .memory_limit_mb = 8192,
          .enable_neon = true,
          .metal_performance_shaders = true,
          .cache_chunk_size_kb = 32};
}

EngineConfig X86() {
  return {.device = Device::Cpu,
          .thread_count = std::thread::hardware_concurrency(),
          .enable_avx2 = true,
          .enable_fma = true,
          .numa_aware = true};
}

EngineConfig Production() {
  return {.device = Device::Cpu,
          .thread_count = 2,
          .memory_limit_mb = 6144,
          .enable_monitoring = true,
          .health_check_interval = std::chrono::seconds(30)};
}

std::vector<Config> LoadBalanced(uint32_t instances, MiB total_memory_mb) {
  Config production;
  production.engine = Production();
  return Config::load_balanced(production, instances, total_memory_mb).value();
}

void Monitor(TextGenerator& generator, const InferenceEngine& engine, const std::string& prompt) {
  Profiler profiler = Profiler::create().value();
  profiler.start_operation("inference");
  const GenerationResult result = generator.generate(prompt).get().value();
  const auto inference_time = profiler.end_operation().value();
  std::printf("Tokens/sec: %.2f\n", double(result.token_count) / std::chrono::duration<double>(inference_time).count());
  const MemoryStats memory_stats = engine.get_memory_stats();
  std::printf("Allocated: %.1f MB, peak: %.1f MB, efficiency: %.1f %%, fragmentation: %.1f %%\n",
              memory_stats.allocated_mb, memory_stats.peak_mb, memory_stats.efficiency_percent,
              memory_stats.fragmentation_percent);
}

std::string Profile(const Model& model) {
  const ProfileConfig profile{.enable_timing = true,
                              .enable_memory_tracking = true,
                              .sample_frequency_hz = 100,
                              .output_format = ProfileFormat::Json};
  ProfilingSession session = ProfilingSession::create(profile).value();
  static_cast<void>(model.generate("Test prompt"));
  return session.generate_report().value();
}

size_t CustomBenchmark() {
  InferenceEngine engine = InferenceEngine::create().value();
  const Model model = engine.load_model("microsoft/bitnet-b1.58-2B-4T-gguf").value();
  return model.generate("Test prompt").value().text.size();
}

}  // namespace

// Names each of them, so that none is unused; it is built, and not run.
int main(int argc, char** argv) {
  MemoryAligned aligned_data = MemoryAligned::create(4096, 16).value();
  aligned_data.bytes()[0] = std::byte{1};
  const std::vector<EngineConfig> engines = {AlignedForNeon(), ForTheCache(),  Threads(), Metal(),
                                             Cuda(),           AppleSilicon(), X86(),     Production()};
  Config config;
  config.batch = BatchOf(HardwareProfile::Desktop);
  config.gguf = Files();
  config.model_loading = Loading();
  config.tensor_pool = Tensors();
  config.adaptive_pool = Pool();
  config.cache = Caches();
  config.memory_pressure = Pressure();
  InferenceEngine engine = InferenceEngine::with_config(config).value();
  const Model model = engine.load_model(argc > 1 ? argv[1] : "model.gguf").value();
  TextGenerator generator(engine, model, {.temperature = 0.7f, .top_k = 50, .top_p = 0.9f, .max_length = 512});
  Monitor(generator, engine, "What is a sparrow?");
  std::printf("Sterna %.*s\n", int(version().size()), version().data());
  std::printf("%zu %zu %zu %zu\n", Memory().alignment, engines.size(), LoadBalanced(1, 2048).size(),
              Profile(model).size());
  return argc > 100 ? int(CustomBenchmark()) : 0;
}
