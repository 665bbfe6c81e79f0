// SPDX-License-Identifier: Apache-2.0
//
// The one list of settings: every field of every struct of sterna/config.h, with what it does and its range. Keys,
// flags, variables, files, help texts and the table in docs/configuration.md all come from here.
#pragma once

#include <type_traits>

#include "config/field.h"
#include "sterna/config.h"

namespace sterna::config {

inline constexpr double kMaxCount = 2147483647;  // what fits a signed 32-bit number
inline constexpr double kMaxThreads = 1024;
inline constexpr double kMaxMegabytes = 16777216;  // 16 TB
inline constexpr double kMaxMilliseconds = 86400000;

// visit(Field, &Struct::field) for each field, in the order of the header.
template <class Visit>
void VisitFields(std::type_identity<EngineConfig>, Visit&& visit) {
  using C = EngineConfig;
  visit(Field{"instance_id", "Label of this engine in logs and metrics", Range{0, kMaxCount}}, &C::instance_id);
  visit(Field{"device", "Where layers run: auto, cpu, metal, cuda or cuda:N", {}}, &C::device);
  visit(Field{"fallback_device", "Where layers run when the device is missing; none refuses to start", {}},
        &C::fallback_device);
  visit(Field{"cuda_device_id", "Which of several CUDA devices", Range{0, 255}, "auto", true}, &C::cuda_device_id);
  visit(Field{"thread_count", "Worker threads; auto is the physical cores this process may use", Range{1, kMaxThreads},
              "auto"},
        &C::thread_count);
  visit(Field{"thread_affinity", "Binds each worker to a core, or to a memory node", {}}, &C::thread_affinity);
  visit(Field{"memory_limit_mb", "Memory that the process may take; weights that do not fit are streamed",
              Range{1, kMaxMegabytes}},
        &C::memory_limit_mb);
  visit(Field{"unified_memory", "Buffers that CPU and GPU share", {}, "none", true}, &C::unified_memory);
  visit(Field{"cuda_streams", "CUDA streams in flight", Range{1, 64}, "auto", true}, &C::cuda_streams);
  visit(Field{"enable_tensor_cores", "Matrix instructions of the GPU", {}, "none", true}, &C::enable_tensor_cores);
  visit(Field{"enable_neon", "Kernels for NEON (64-bit ARM); false leaves them out", {}, "auto"}, &C::enable_neon);
  visit(Field{"enable_avx2", "Kernels that need AVX2; false leaves them out", {}, "auto"}, &C::enable_avx2);
  visit(Field{"enable_avx512", "Kernels that need AVX-512 (AMX too); false leaves them out", {}, "auto"},
        &C::enable_avx512);
  visit(Field{"enable_fma", "Kernels that need fused multiply-add; false leaves them out", {}, "auto"}, &C::enable_fma);
  visit(Field{"numa_aware",
              "Pages of weights, keys and values take turns on the memory nodes that workers run on, and "
              "thread_affinity numa_node binds; nothing to do where there is one memory node",
              {}},
        &C::numa_aware);
  visit(Field{"metal_performance_shaders", "Apple's shaders for the output head", {}, "none", true},
        &C::metal_performance_shaders);
  visit(Field{"memory_alignment", "Alignment of buffers in bytes, a power of two; at least the 64 of kernels",
              Range{16, 4096}},
        &C::memory_alignment);
  visit(Field{"use_aligned_allocations", "false: buffers lie where the system puts them, 16 bytes aligned", {}},
        &C::use_aligned_allocations);
  visit(
      Field{"cache_chunk_size_kb", "Packed weights in one piece of work; results do not depend on it", Range{1, 16384}},
      &C::cache_chunk_size_kb);
  visit(Field{"enable_prefetching", "Software prefetch in kernels, read-ahead of mapped files", {}},
        &C::enable_prefetching);
  visit(Field{"parallel_threshold", "Multiply-adds or float elements below which one thread does an operation",
              Range{0, 1e15}},
        &C::parallel_threshold);
  visit(Field{"enable_monitoring",
              "Health is watched though nobody asks, and a change of it logged; a library's engine keeps a profile",
              {}},
        &C::enable_monitoring);
  visit(Field{"health_check_interval", "Milliseconds between looks for a step that does not end",
              Range{1, kMaxMilliseconds}},
        &C::health_check_interval);
}

template <class Visit>
void VisitFields(std::type_identity<BatchConfig>, Visit&& visit) {
  using C = BatchConfig;
  visit(Field{"max_batch_size", "Sequences that share one step at most", Range{1, 4096}}, &C::max_batch_size);
  visit(Field{"chunk_size", "Prompt tokens of one sequence in a step, in tiles of 64; results do not depend on it",
              Range{1, 256}},
        &C::chunk_size);
  visit(Field{"memory_limit_mb", "Keys and values of all sequences; one whole context always fits",
              Range{1, kMaxMegabytes}},
        &C::memory_limit_mb);
}

template <class Visit>
void VisitFields(std::type_identity<InferenceConfig>, Visit&& visit) {
  using C = InferenceConfig;
  visit(Field{"max_sequence_length", "Context in tokens; more than the model's is refused", Range{1, 1048576}, "auto"},
        &C::max_sequence_length);
  visit(Field{"prefill_thread_count", "Worker threads in steps of more than 16 tokens; auto is engine.thread_count",
              Range{1, kMaxThreads}, "auto"},
        &C::prefill_thread_count);
  visit(Field{"kv_storage", "Storage of keys and values", {}}, &C::kv_storage);
  visit(Field{"head_mode", "How the output head is computed", {}}, &C::head_mode);
  visit(Field{"kernels", "The kernel table; auto is the fastest this CPU runs; sterna devices lists them", {}, "auto"},
        &C::kernels);
}

template <class Visit>
void VisitFields(std::type_identity<GGUFConfig>, Visit&& visit) {
  using C = GGUFConfig;
  visit(Field{"streaming_threshold_mb", "Matrices from this size on are read in chunks, smaller ones at once",
              Range{0, kMaxMegabytes}},
        &C::streaming_threshold_mb);
  visit(Field{"chunk_size_mb", "Size of such a chunk", Range{1, kMaxMegabytes}}, &C::chunk_size_mb);
  visit(Field{"parallel_loading", "Several chunks are read at once", {}}, &C::parallel_loading);
  visit(Field{"validate_checksums", "Checks every tensor of a sterna file before it is used", {}},
        &C::validate_checksums);
}

template <class Visit>
void VisitFields(std::type_identity<ModelLoadingConfig>, Visit&& visit) {
  using C = ModelLoadingConfig;
  visit(Field{"use_memory_mapping",
              "Weights of a sterna file: true reads them where the file is mapped (starts sooner, shared between "
              "processes), false copies them (generates faster)",
              {},
              "auto"},
        &C::use_memory_mapping);
  visit(Field{"mmap_threshold_mb", "Matrices from this size on are read where the file is mapped",
              Range{0, kMaxMegabytes}},
        &C::mmap_threshold_mb);
  visit(Field{"preload_critical_tensors", "Pages of a mapped embedding and head are read while loading", {}},
        &C::preload_critical_tensors);
}

template <class Visit>
void VisitFields(std::type_identity<TernaryConfig>, Visit&& visit) {
  using C = TernaryConfig;
  visit(Field{"packed_storage", "Ternary weights are held in 2 bits; false: in a byte, where a row has one scale", {}},
        &C::packed_storage);
  visit(Field{"vectorized_unpacking", "false: the scalar kernels multiply ternary weights, whatever the CPU has", {}},
        &C::vectorized_unpacking);
  visit(Field{"cache_unpacked_weights",
              "Steps of more than 16 rows multiply weights of a byte, which are kept in cache.weight_cache_mb",
              {}},
        &C::cache_unpacked_weights);
  visit(Field{"unpacking_batch_size", "Weights that a thread unpacks at a time into that cache", Range{1, kMaxCount}},
        &C::unpacking_batch_size);
}

template <class Visit>
void VisitFields(std::type_identity<ActivationConfig>, Visit&& visit) {
  using C = ActivationConfig;
  visit(Field{"quantization_method",
              "By which scale activations become int8: dynamic each token's own, static one for each input of a layer, "
              "measured before",
              {}},
        &C::quantization_method);
  visit(Field{"calibration_samples", "Lines of the text that scales are measured over", Range{1, kMaxCount}},
        &C::calibration_samples);
  visit(Field{"outlier_handling",
              "Activations beyond the scale: clamp makes them the largest there is, none gives the token its own scale",
              {}},
        &C::outlier_handling);
  visit(Field{"clip_percentile",
              "With clamp: of magnitudes, beyond which they are clamped; 100 clamps none that the scale is made of",
              Range{50, 100}},
        &C::clip_percentile);
  visit(Field{"calibration_file", "With static: the file that keeps the scales", {}}, &C::calibration_file);
  visit(Field{"calibration_text",
              "With static: the text that they are measured over at load, where that file is not there",
              {}},
        &C::calibration_text);
}

template <class Visit>
void VisitFields(std::type_identity<MemoryPoolConfig>, Visit&& visit) {
  using C = MemoryPoolConfig;
  visit(Field{"initial_size_mb", "Memory of run-time buffers that is taken and touched at load; auto is what is needed",
              Range{1, kMaxMegabytes}, "auto"},
        &C::initial_size_mb);
  visit(Field{"max_size_mb", "The most that it grows to; auto is what the memory limit leaves", Range{1, kMaxMegabytes},
              "auto"},
        &C::max_size_mb);
  visit(Field{"allocation_strategy", "How it grows: adaptive by doubling, conservative by need, fixed never", {}},
        &C::allocation_strategy);
  visit(Field{"chunk_size_mb", "The least that it grows by; auto is what one request needs", Range{1, kMaxMegabytes},
              "auto"},
        &C::chunk_size_mb);
  visit(Field{"enable_tracking", "Every block in use is remembered", {}}, &C::enable_tracking);
  visit(Field{"alignment", "Alignment of blocks in bytes, a power of two", Range{16, 4096}}, &C::alignment);
}

template <class Visit>
void VisitFields(std::type_identity<TensorPoolConfig>, Visit&& visit) {
  using C = TensorPoolConfig;
  visit(Field{"strategy",
              "Which freed blocks are kept for requests of their size: adaptive those of sizes seen before, size_class "
              "those of size_thresholds, best_fit none",
              {}},
        &C::strategy);
  visit(Field{"size_thresholds", "Bytes; with size_class the sizes of kept blocks: a request gets the next larger",
              Range{1, 1073741824}},
        &C::size_thresholds);
  visit(Field{"reuse_threshold", "Share of requests of a kept size that are to find a kept block", Range{0, 1}},
        &C::reuse_threshold);
  visit(Field{"defragmentation_interval", "Milliseconds between returns of free memory to the system",
              Range{1, kMaxMilliseconds}},
        &C::defragmentation_interval);
}

template <class Visit>
void VisitFields(std::type_identity<AdaptivePoolConfig>, Visit&& visit) {
  using C = AdaptivePoolConfig;
  visit(Field{"small_tensor_threshold", "Bytes; a smaller run-time buffer gets the next power of two",
              Range{0, 1073741824}},
        &C::small_tensor_threshold);
  visit(Field{"medium_tensor_threshold",
              "Bytes; a larger run-time buffer has a mapping of its own, which goes back when it is freed",
              Range{1, 1073741824}},
        &C::medium_tensor_threshold);
  visit(Field{"large_tensor_strategy",
              "Where weights lie: streaming reads them layer by layer while the model runs, mapped is by size, heap "
              "reads all of them into memory",
              {}},
        &C::large_tensor_strategy);
  visit(Field{"reuse_detection",
              "With the strategy adaptive: sizes that come again are noticed, so that their freed blocks are kept; "
              "false: none is",
              {}},
        &C::reuse_detection);
}

template <class Visit>
void VisitFields(std::type_identity<CacheConfig>, Visit&& visit) {
  using C = CacheConfig;
  visit(Field{"tensor_cache_mb", "Streamed weights that are kept; two layers always are", Range{1, kMaxMegabytes}},
        &C::tensor_cache_mb);
  visit(Field{"weight_cache_mb", "Unpacked weights that are kept, with ternary.cache_unpacked_weights",
              Range{0, kMaxMegabytes}},
        &C::weight_cache_mb);
  visit(Field{"activation_cache_mb",
              "Keys and values that the server keeps of requests that ended, for others that begin alike",
              Range{0, kMaxMegabytes}},
        &C::activation_cache_mb);
  visit(Field{"eviction_policy", "Which streamed layer gives up its place; farthest_next reads least", {}},
        &C::eviction_policy);
  visit(Field{"preload_strategy", "Which streamed layers are read before they are needed", {}}, &C::preload_strategy);
}

template <class Visit>
void VisitFields(std::type_identity<MemoryPressureConfig>, Visit&& visit) {
  using C = MemoryPressureConfig;
  visit(Field{"low_memory_threshold", "Share of memory from which on caches do not grow", Range{0, 1}},
        &C::low_memory_threshold);
  visit(
      Field{"medium_pressure_threshold", "Share of memory from which on each check takes the next action", Range{0, 1}},
      &C::medium_pressure_threshold);
  visit(Field{"high_pressure_actions", "What is done, in this order", {}}, &C::high_pressure_actions);
}

template <class Visit>
void VisitFields(std::type_identity<HealthConfig>, Visit&& visit) {
  using C = HealthConfig;
  visit(Field{"memory_threshold", "Share of memory in use above which an engine is degraded", Range{0, 1}},
        &C::memory_threshold);
  visit(
      Field{
          "latency_threshold_ms",
          "Milliseconds to the first token that 95 % of the last minute's requests keep to, else an engine is degraded",
          Range{0, kMaxMilliseconds}},
      &C::latency_threshold_ms);
  visit(Field{"error_rate_threshold",
              "Share of the last minute's requests, of a hundred at least, that may fail before an engine is degraded",
              Range{0, 1}},
        &C::error_rate_threshold);
  visit(Field{"check_interval", "Milliseconds between looks at these", Range{1, kMaxMilliseconds}}, &C::check_interval);
}

template <class Visit>
void VisitFields(std::type_identity<ProfileConfig>, Visit&& visit) {
  using C = ProfileConfig;
  visit(Field{"enable_timing", "A profile has spans and totals per operation", {}}, &C::enable_timing);
  visit(Field{"enable_detailed_timing", "It has spans per layer, operation and worker too", {}},
        &C::enable_detailed_timing);
  visit(Field{"enable_memory_tracking",
              "It has samples of memory, CPU time and page faults; with --profile by default",
              {}},
        &C::enable_memory_tracking);
  visit(Field{"enable_gpu_metrics", "It has what a GPU counts", {}, "none", true}, &C::enable_gpu_metrics);
  visit(Field{"sample_frequency_hz", "Samples a second", Range{1, 10000}}, &C::sample_frequency_hz);
  visit(Field{"output_format", "Form of a library's report; --profile writes all three", {}}, &C::output_format);
}

template <class Visit>
void VisitFields(std::type_identity<GenerationConfig>, Visit&& visit) {
  using C = GenerationConfig;
  visit(Field{"temperature", "Temperature; 0 = always the likeliest token", Range{0, 2}}, &C::temperature);
  visit(Field{"top_k", "Draw from the K likeliest tokens; 0 = all", Range{0, kMaxCount}}, &C::top_k);
  visit(Field{"top_p", "Draw from the likeliest tokens that reach this probability; 1 = all", Range{0, 1}}, &C::top_p);
  visit(Field{"max_length", "Tokens to generate at most", Range{0, kMaxCount}}, &C::max_length);
  visit(Field{"do_sample", "false is temperature 0", {}}, &C::do_sample);
  visit(Field{"stop_tokens", "Texts before which an answer ends; they are not shown", {}}, &C::stop_tokens);
  visit(Field{"seed", "Same seed, same text", Range{0, 18446744073709551615.0}, "0"}, &C::seed);
  visit(Field{"min_p", "Drop tokens less likely than this share of the likeliest; 0 = none", Range{0, 1}}, &C::min_p);
  visit(Field{"repetition_penalty", "Weaken tokens seen before; 1 = off", Range{0.01, 100}}, &C::repetition_penalty);
  visit(Field{"frequency_penalty", "Taken off a logit per occurrence", Range{-2, 2}}, &C::frequency_penalty);
  visit(Field{"presence_penalty", "Taken off a logit once seen", Range{-2, 2}}, &C::presence_penalty);
  visit(Field{"penalty_window", "Last tokens that count as seen; 0 = all", Range{0, kMaxCount}}, &C::penalty_window);
  visit(Field{"speculate", "Tokens to guess from earlier text in one step; the answer stays the same; 0 = none",
              Range{0, 15}},
        &C::speculate);
}

// visit("engine", &Config::engine) for each struct.
template <class Visit>
void VisitStructs(Visit&& visit) {
  visit("engine", &Config::engine);
  visit("batch", &Config::batch);
  visit("inference", &Config::inference);
  visit("gguf", &Config::gguf);
  visit("model_loading", &Config::model_loading);
  visit("ternary", &Config::ternary);
  visit("activation", &Config::activation);
  visit("memory_pool", &Config::memory_pool);
  visit("tensor_pool", &Config::tensor_pool);
  visit("adaptive_pool", &Config::adaptive_pool);
  visit("cache", &Config::cache);
  visit("memory_pressure", &Config::memory_pressure);
  visit("health", &Config::health);
  visit("profile", &Config::profile);
  visit("generation", &Config::generation);
}

}  // namespace sterna::config
