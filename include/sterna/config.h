// SPDX-License-Identifier: Apache-2.0
//
// Every setting of Sterna, as plain structs. A field `name` of the member `member` of Config is the key `member.name`
// of sterna.toml, of --set and of `sterna config`, and the variable STERNA_<MEMBER>__<NAME>. docs/configuration.md says
// what each does; ranges are checked where a configuration is read and where an engine is made.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/device.h"
#include "sterna/profile_config.h"
#include "sterna/status.h"

namespace sterna {

using MiB = uint64_t;  // 1024 x 1024 bytes
using ms = std::chrono::milliseconds;

enum class ThreadAffinity : uint8_t { None, Core, NumaNode };
enum class HardwareProfile : uint8_t { Auto, Mobile, Desktop, Server };
// How keys and values of the context are stored: 4, 2 and about 1 bytes a number.
enum class KvStorage : uint8_t { F32, F16, Q8 };
// How the output head is computed (docs/head.md). Auto: certified where the head is big and memory allows, else exact.
enum class HeadMode : uint8_t { Auto, Exact, Certified, Screened };
// Which streamed layer gives up its place. FarthestNext, the one whose next use is farthest away, reads least.
enum class EvictionPolicy : uint8_t { LRU, LFU, FIFO, FarthestNext };
// Which streamed layers are read before they are needed: none, the next, the next that this token or the one after it
// will use.
enum class PreloadStrategy : uint8_t { None, Sequential, Predictive };
// Where large weights lie: in a window that they flow through, where the file is mapped, in memory.
enum class LargeStrategy : uint8_t { Streaming, Mapped, Heap };
// How the pool grows: by as much again as it has, by what a request needs, never.
enum class AllocationStrategy : uint8_t { Adaptive, Conservative, Fixed };
// Which freed blocks the pool keeps: those of sizes that were asked for before, of given sizes (smaller requests get a
// whole one), none: the best fitting free stretch serves each request.
enum class PoolStrategy : uint8_t { Adaptive, SizeClass, BestFit };
// By which scale activations become int8: each token's own, or one for each input of a layer, measured before.
enum class QuantMethod : uint8_t { Dynamic, Static };
// What becomes of activations beyond that scale: the token gets its own, they are clamped.
enum class OutlierHandling : uint8_t { None, Clamp };
// What is done about memory that runs short: caches are emptied, free memory goes back to the system, steps get half
// the rows.
enum class PressureAction : uint8_t { ClearCache, ForceGC, ReduceBatchSize };

// The engine: where it computes, with how many threads, in how much memory.
struct EngineConfig {
  uint32_t instance_id = 0;  // label of this engine in logs and metrics
  Device device = Device::Auto;
  std::optional<Device> fallback_device = Device::Cpu;  // where `device` is missing; none: Unavailable
  std::optional<int> cuda_device_id = {};
  std::optional<uint32_t> thread_count = {};  // none: physical cores that this process may use
  std::optional<ThreadAffinity> thread_affinity = {};
  std::optional<MiB> memory_limit_mb = {};
  bool unified_memory = true;
  std::optional<uint32_t> cuda_streams = {};
  bool enable_tensor_cores = true;
  // false removes the kernel tables that need the instruction set; none and true: used where the CPU has it.
  std::optional<bool> enable_neon = {}, enable_avx2 = {}, enable_avx512 = {}, enable_fma = {};
  bool numa_aware = true;
  bool metal_performance_shaders = false;
  std::optional<size_t> memory_alignment = 64;  // bytes, of buffers
  bool use_aligned_allocations = true;
  uint32_t cache_chunk_size_kb = 32;  // packed weights in one piece of work
  bool enable_prefetching = true;
  size_t parallel_threshold = 16384;  // multiply-adds or float elements; below it one thread does an operation
  // Health is watched though nobody asks, so that a change is logged; InferenceEngine::generate_report tells what
  // its models did.
  bool enable_monitoring = false;
  ms health_check_interval{30'000};  // between looks for a step that does not end
};

// How many requests share a step, and how much of a prompt goes into one.
struct BatchConfig {
  uint32_t max_batch_size = 16;  // sequences in one step
  uint32_t chunk_size = 4;       // prompt tokens of one sequence in one step, in tiles of kTokensPerChunkTile
  MiB memory_limit_mb = 2048;    // keys and values of all sequences; one context always fits

  static constexpr uint32_t kTokensPerChunkTile = 64;

  // The guide's: mobile 4, 1, 512; desktop 16, 4, 2048; server 64, 16, 8192. Auto looks at this machine: mobile below 4
  // cores or 4 GB, server above 16 cores.
  static BatchConfig for_profile(HardwareProfile profile);
};

// What a loaded model needs to run.
struct InferenceConfig {
  std::optional<uint32_t> max_sequence_length = {};   // context in tokens; none: the model's
  std::optional<uint32_t> prefill_thread_count = {};  // in steps of more than 16 tokens; none: as engine.thread_count
  KvStorage kv_storage = KvStorage::F16;
  HeadMode head_mode = HeadMode::Auto;
  std::optional<std::string> kernels;  // the kernel table, by name; none: the fastest that this CPU runs
};

// Files of models: how matrices that are not mapped are read.
struct GGUFConfig {
  MiB streaming_threshold_mb = 100;  // from this size on in chunks; smaller ones at once
  MiB chunk_size_mb = 16;
  bool parallel_loading = true;     // several chunks at once
  bool validate_checksums = false;  // read every tensor of a `sterna` file first and compare
};

struct ModelLoadingConfig {
  std::optional<bool> use_memory_mapping = {};  // weights of a `sterna` file: true reads them where the file is mapped
  MiB mmap_threshold_mb = 256;                  // matrices from this size on are read where the file is mapped
  bool preload_critical_tensors = false;        // pages of a mapped embedding and head are read while loading
};

// How ternary weights are held and multiplied (docs/quantization.md). No setting changes a result.
struct TernaryConfig {
  bool packed_storage = true;            // 2 bits a weight; false: a byte, where there is one scale a row
  bool vectorized_unpacking = true;      // false: the scalar kernels multiply them, whatever the CPU has
  bool cache_unpacked_weights = false;   // steps of more than 16 rows multiply bytes, kept in cache.weight_cache_mb
  uint32_t unpacking_batch_size = 4096;  // weights that a thread unpacks at a time into that cache
};

// How activations become int8 (docs/quantization.md).
struct ActivationConfig {
  QuantMethod quantization_method = QuantMethod::Dynamic;
  uint32_t calibration_samples = 100;  // lines of the text that scales are measured over
  OutlierHandling outlier_handling = OutlierHandling::Clamp;
  double clip_percentile = 100;  // with Clamp: of magnitudes, beyond which they are clamped; 100: none in what was seen
  // With Static: a file of scales; where it is not there, a text over which they are measured when a model is loaded,
  // and kept in that file.
  std::optional<std::string> calibration_file, calibration_text;
};

// Memory of run-time buffers, which requests draw their tokens with (docs/memory.md).
struct MemoryPoolConfig {
  std::optional<MiB> initial_size_mb = {};  // taken and touched at load; none: what batch.max_batch_size requests need
  std::optional<MiB> max_size_mb = {};      // none: what the memory limit leaves
  AllocationStrategy allocation_strategy = AllocationStrategy::Adaptive;
  std::optional<MiB> chunk_size_mb = {};  // the least that is taken later; none: what one request needs
  bool enable_tracking = false;           // remember every block in use
  size_t alignment = 64;                  // bytes, of blocks: a power of two
};

// Which freed blocks of the pool are kept for requests of their size.
struct TensorPoolConfig {
  PoolStrategy strategy = PoolStrategy::Adaptive;
  std::vector<size_t> size_thresholds = {1024, 4096, 16384};  // bytes, of kept blocks with SizeClass
  double reuse_threshold = 0.9;          // share of requests of a kept size that are to find a block
  ms defragmentation_interval{300'000};  // between returns of what is free to the system
};

// Where weights lie once they are loaded, and what run-time buffers count as small or large.
struct AdaptivePoolConfig {
  size_t small_tensor_threshold = 1024;                // bytes; a smaller buffer gets the next power of two
  std::optional<size_t> medium_tensor_threshold = {};  // from here on a buffer has a mapping of its own; none: never
  LargeStrategy large_tensor_strategy = LargeStrategy::Mapped;  // a model over the memory limit is streamed with any
  bool reuse_detection = true;  // with PoolStrategy::Adaptive: sizes that come again are noticed, and their blocks kept
};

// What may be kept so that it need not be read again.
struct CacheConfig {
  MiB tensor_cache_mb = 512;      // streamed weights; two layers always fit
  MiB weight_cache_mb = 256;      // unpacked weights, with ternary.cache_unpacked_weights
  MiB activation_cache_mb = 128;  // keys and values of requests that ended, for others that begin alike
  EvictionPolicy eviction_policy = EvictionPolicy::FarthestNext;
  PreloadStrategy preload_strategy = PreloadStrategy::Predictive;
};

// What is done when memory runs short (docs/memory.md). Thresholds are shares of what there may be.
struct MemoryPressureConfig {
  double low_memory_threshold = 0.8;       // from here on caches do not grow
  double medium_pressure_threshold = 0.9;  // from here on a check a second takes the next action
  std::vector<PressureAction> high_pressure_actions = all_actions();

  // ClearCache, ForceGC, ReduceBatchSize.
  static std::vector<PressureAction> all_actions();
};

// What counts as well (docs/health.md). A value over its threshold does not.
struct HealthConfig {
  double memory_threshold = 0.9;         // share in use of what there may be
  uint32_t latency_threshold_ms = 1000;  // to the first token, that 95 % of the last minute's requests keep to
  double error_rate_threshold = 0.01;    // share of the last minute's requests, of a hundred at least
  ms check_interval{10'000};             // between looks at these
};

// How an answer is drawn: the defaults of every verb and of every request that does not say otherwise.
struct GenerationConfig {
  float temperature = 0.7f;                   // 0..2; 0: always the likeliest token
  uint32_t top_k = 50;                        // 0: all; 1: as temperature 0
  float top_p = 0.9f;                         // 0..1
  uint32_t max_length = 512;                  // tokens to generate at most
  bool do_sample = true;                      // false: as temperature 0
  std::vector<std::string> stop_tokens = {};  // texts before which an answer ends
  std::optional<uint64_t> seed = {};          // none: 0
  float min_p = 0;                            // 0..1
  float repetition_penalty = 1;
  float frequency_penalty = 0;
  float presence_penalty = 0;
  uint32_t penalty_window = 64;  // last tokens that count as seen; 0: all
  uint32_t speculate = 0;        // tokens guessed from earlier text in one step; the answer stays the same
};

struct Config {
  EngineConfig engine;
  BatchConfig batch;
  InferenceConfig inference;
  GGUFConfig gguf;
  ModelLoadingConfig model_loading;
  TernaryConfig ternary;
  ActivationConfig activation;
  MemoryPoolConfig memory_pool;
  TensorPoolConfig tensor_pool;
  AdaptivePoolConfig adaptive_pool;
  CacheConfig cache;
  MemoryPressureConfig memory_pressure;
  HealthConfig health;
  ProfileConfig profile;  // of an engine with enable_monitoring, and of --profile
  GenerationConfig generation;

  // "default", "mobile", "desktop", "server", "apple_silicon", "x86_64", "nvidia", "production". NotFound with the
  // nearest.
  static Result<Config> preset(std::string_view name);
  // One configuration for each of `instances` engines on one machine: memory and cores shared out, cores disjoint.
  // InvalidArgument for no instance or more instances than cores.
  static Result<std::vector<Config>> load_balanced(const Config& base, uint32_t instances, MiB total_memory_mb);
};

}  // namespace sterna
