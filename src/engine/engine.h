// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/cpu_counters.h"
#include "backend/outlier_handling.h"
#include "backend/unpack_options.h"
#include "engine/activation_ranges.h"
#include "grammar/constraint.h"
#include "memory/buffer_pool.h"
#include "memory/pressure.h"
#include "model/model_config.h"
#include "monitor/health.h"
#include "monitor/recorder.h"
#include "platform/worker_binding.h"
#include "sample/sampler.h"
#include "sterna/memory.h"
#include "sterna/status.h"
#include "text/tokenizer.h"

namespace sterna::engine {

// How a token is drawn from the output head (docs/head.md). kAuto: certified where the head is big and memory allows,
// else exact.
enum class HeadChoice : uint8_t { kAuto, kExact, kCertified, kScreened };
// Where weights lie. Those of a `sterna` file: read where the file is mapped (nothing to wait for, and processes share
// the pages), or copied into memory in huge pages (faster to generate from); those of other files are always repacked.
// Streamed, of any file: not held, but read layer by layer while the model runs, through a window that fits the memory
// limit. Auto: copied where that fits, else streamed.
enum class WeightPlacement : uint8_t { kAuto, kMapped, kCopied, kStreamed };

// How activations become int8 (docs/quantization.md): by each row's own scale, or by scales that were measured before.
struct ActivationOptions {
  bool measured = false;
  backend::OutlierHandling outliers = {};
  // With `measured`: a file of WriteRanges; and where it is not there yet, or not named, a text that the model reads
  // when it is loaded.
  std::string ranges_file, calibration_text;
  uint32_t calibration_samples = 100;  // the text's first lines that are not blank
};

struct EngineOptions {
  std::optional<uint32_t> threads;                                   // default: platform::UsableCores()
  std::optional<uint32_t> threads_prefill;                           // for steps of many rows; default: as threads
  platform::WorkerBinding binding = platform::WorkerBinding::kNone;  // where workers may run
  uint32_t instance_id = 0;  // label in the log; with a binding, engines of one machine take turns at the CPUs
  std::string isa;           // kernel table by name; empty = the fastest this CPU runs
  uint64_t left_out_cpu_features = 0;  // platform::CpuFeature bits that count as missing
  std::optional<uint32_t>
      context_tokens;  // per session; default: the model's. More than the model's is InvalidArgument
  backend::KvType kv_type = backend::KvType::kF16;
  HeadChoice head = HeadChoice::kAuto;
  ActivationOptions activations;
  backend::UnpackOptions unpack;     // results do not depend on it
  bool vectorized_unpacking = true;  // false: ternary products by the scalar kernels; results do not depend on it
  // Start before the planes of a certified or screened head are made; until they are, logits come from the whole head,
  // which are the same. The first answer comes sooner, its first tokens are slower.
  bool head_in_background = false;
  uint32_t max_sessions = 1;            // KV blocks are reserved for this many full contexts
  uint32_t max_running = 64;            // requests without a session that run at once (Engine::Submit)
  uint32_t max_waiting = 256;           // and those that may wait for it
  uint32_t step_rows = 256;             // rows of a step at most, over all sessions
  uint32_t step_sequences = 1u << 12;   // sessions that share a step at most
  uint32_t prefill_chunk_tokens = 256;  // prompt rows of one session in a step at most; results do not depend on it
  bool skip_zeros = true;               // backend::CpuBackendOptions::skip_zeros; results do not depend on it
  WeightPlacement weights = WeightPlacement::kAuto;
  bool verify_checksums = false;    // read every tensor of a `sterna` file first; Corrupt when one was changed
  uint64_t memory_limit_bytes = 0;  // 0 = none; a plan over it is ResourceExhausted naming the biggest items
  uint64_t prefix_cache_bytes = uint64_t{128} << 20;  // keys and values of earlier requests that are kept (Submit)
  uint64_t kv_limit_bytes = 0;          // 0 = none; fewer KV blocks are reserved, but never less than one context
  uint64_t alignment_bytes = 64;        // of buffers: a power of two, 64..4096
  bool place_on_nodes = true;           // pages of weights, keys and values take turns on the workers' memory nodes
  uint32_t work_item_bytes = 32 << 10;  // packed weights in a piece of parallel work; results do not depend on it
  uint64_t parallel_threshold = 16384;  // multiply-adds or float elements below which one thread does an operation
  bool read_ahead = true;               // the system is asked to read the file before its bytes are used
  // Of streamed weights: the most that their window takes, whose slot is given up, and what is read ahead.
  uint64_t tensor_cache_bytes = uint64_t{512} << 20;
  memory::EvictionPolicy eviction_policy = memory::EvictionPolicy::kFarthestNext;
  memory::PreloadStrategy preload_strategy = memory::PreloadStrategy::kPredictive;
  // Memory of run-time buffers: what each session, or request without one, draws its tokens with. Its initial bytes
  // where none are given: what max_sessions need. More are taken, within the memory limit, as there are more requests.
  memory::PoolConfig pool{.chunk_bytes = 0};   // 0: what one session needs
  std::optional<uint64_t> pool_initial_bytes;  // taken and touched at load; more than the limit is InvalidArgument
  // Memory is watched at an interval, and less of it is taken when it runs short; no answer changes. None: it is not.
  std::optional<memory::PressureConfig> pressure = std::nullopt;
  std::chrono::milliseconds pressure_interval{1000};
  std::function<memory::PressureReading()> read_pressure = {};  // instead of what the system says, for tests
  monitor::HealthRules health;                                  // by which Engine::Health judges
  bool watch_health = false;  // at the rules' intervals, so that a change is logged though nobody asks
  model::ModelOptions model;
  std::function<void(std::string_view stage, double fraction)> on_load_progress;  // may be empty
  // Gets loading stages, steps and operations (docs/profiling.md); outlives the engine. Null: whoever listens to all
  // engines of the process (monitor/listeners.h), and mostly nobody does.
  monitor::Recorder* recorder = nullptr;
};

struct LoadReport {
  double load_ms = 0;
  backend::MemoryPlan plan;
  std::string kernels;                        // "avx2", "avx2 (scalar ternary products)"
  uint32_t threads = 0, threads_prefill = 0;  // as asked for or by default
  uint32_t workers = 0;                       // threads that there are: no more than the usable logical CPUs
  std::string weight_type, head_type;
  std::string head_mode;                           // "exact", "certified", "screened"
  bool streamed = false;                           // weights are not held (WeightPlacement::kStreamed)
  std::vector<model::TensorPlacement> placements;  // how each matrix came from the file, in the order of loading
  model::LoadCounters loading;
  uint64_t weight_bytes_per_token = 0;
  uint64_t ternary_macs_per_token = 0;
  uint64_t read_ahead_bytes = 0;  // that the system was asked to read early
  uint64_t memory_nodes = 0;      // a bit each, where weights, keys and values lie in turns; 0: there is one node only
};

enum class FinishReason : uint8_t { kStop, kLength, kCancelled, kError };
std::string_view FinishReasonName(FinishReason reason);  // "stop", "length", "cancelled", "error"

struct Timings {
  uint32_t prompt_tokens = 0;  // tokens this request prefilled (not those already in the session)
  uint32_t cached_tokens = 0;  // of the prompt, that earlier requests had computed (Engine::Submit); not in the above
  uint32_t generated_tokens = 0;
  double prefill_ms = 0;         // from submission to the first token's logits
  double decode_ms = 0;          // from the first token to the last
  double first_token_ms = 0;     // from submission to the first sampled token
  double queue_ms = 0;           // waited before it began (Engine::Submit); in none of the above
  uint32_t guessed_tokens = 0;   // by speculation
  uint32_t accepted_tokens = 0;  // guesses that were what was drawn

  // 0 where nothing was computed. The first generated token belongs to the prefill.
  double PrefillTokensPerSecond() const { return prefill_ms > 0 ? prompt_tokens * 1000.0 / prefill_ms : 0; }
  double DecodeTokensPerSecond() const {
    return decode_ms > 0 && generated_tokens > 1 ? (generated_tokens - 1) * 1000.0 / decode_ms : 0;
  }
};

// One request to a session. The callbacks run on the step loop's thread and must be quick.
struct GenerateRequest {
  std::vector<text::TokenId> prompt;  // appended to what the session holds; at least one token
  sample::SamplingParams sampling;
  uint32_t max_tokens = 512;
  bool ignore_end_of_generation = false;
  uint32_t choice = 0;  // which of several answers to one prompt and seed: each draws other tokens
  // Tokens to guess from earlier text and to check in one step (docs/speculation.md); the answer does not depend on it.
  uint32_t speculate_tokens = 0;
  // When set, only tokens are drawn that it allows, and the request ends with kStop where nothing can follow
  // (docs/constrained-output.md). Made by Engine::Constrain of the same engine; ignore_end_of_generation must be off.
  std::shared_ptr<const grammar::Constraint> constraint;
  // Called for each sampled token, end-of-generation tokens excepted. Returning false stops with kStop (a stop string
  // was found): the token stays in the session.
  std::function<bool(text::TokenId)> on_token;
  // When set, called before each draw with what it draws from (float32 [vocabulary], only during the call), before bias
  // and penalties.
  std::function<void(std::span<const float> logits)> on_draw_logits;
  // When set, called with the logits of each prompt position, in order (float32 [vocabulary], only during the call).
  std::function<void(uint32_t position, std::span<const float> logits)> on_prompt_logits;
  // When set, called with the output norm of each prompt position, in order (float32 [hidden], only during the call).
  std::function<void(uint32_t position, std::span<const float> hidden)> on_hidden;
  // Polled once a step; true stops with kCancelled. What was computed stays valid.
  std::function<bool()> cancelled;
};

struct GenerateResult {
  std::vector<text::TokenId> tokens;  // sampled, without the end-of-generation token
  FinishReason finish_reason = FinishReason::kStop;
  std::optional<text::TokenId> end_token;
  Timings timings;
};

class Engine;
struct QueueState;
struct Submission;

// One conversation's tokens and KV blocks. One request at a time; sessions of one engine may run on many threads, and
// their rows share steps.
class Session {
 public:
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Blocks until the request is done. ResourceExhausted when prompt and session exceed the context (both numbers named)
  // or no KV block is left; InvalidArgument for ids outside the vocabulary or an empty prompt; Corrupt when the model's
  // file shrank; FailedPrecondition when no token of the vocabulary fits the constraint. On kLength because the context
  // is full the result is ok with finish reason length. max_tokens 0 only prefills.
  Result<GenerateResult> Generate(const GenerateRequest& request);
  // Tokens whose keys and values are held (every token but the last sampled one is computed).
  std::span<const text::TokenId> tokens() const;
  // Forgets all but the first `count` tokens.
  void Truncate(size_t count);
  uint32_t context_tokens() const;
  uint64_t KvBytes() const;  // of the blocks it holds

 private:
  friend class Engine;
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One loaded model with one thread pool and one step loop. Thread-safe. Destroying it ends the
// requests in flight with Cancelled; sessions that are left keep the memory and refuse every request.
class Engine {
 public:
  // Also, with ActivationOptions::measured: InvalidArgument where there is nothing to take scales from, or they are of
  // another model.
  static Result<std::unique_ptr<Engine>> Load(const std::string& path, const EngineOptions& options);
  ~Engine();

  Result<std::unique_ptr<Session>> NewSession();
  // Queues a request that needs no session; on_done tells its end. Any thread. The tokens are those that a new session
  // would give. On an error on_done is not called: Unavailable when max_waiting requests wait, else as
  // Session::Generate.
  Status Submit(Submission submission);
  QueueState Queue() const;
  uint32_t context_tokens() const;  // of a session, and of a submission
  uint32_t max_running() const;     // submissions, as the options said
  uint32_t max_waiting() const;
  uint32_t instance_id() const;  // as the options said
  const text::Tokenizer& tokenizer() const;
  // For GenerateRequest::constraint; may be shared by any number of requests. The first call takes some milliseconds
  // more.
  Result<std::shared_ptr<const grammar::Constraint>> Constrain(grammar::Automaton automaton);
  const model::ModelConfig& config() const;
  const LoadReport& report() const;
  // By which activations become int8; none where each row has its own scale.
  const std::optional<ActivationRanges>& activation_ranges() const;
  // What all steps did up to the last one that ended. Any thread.
  backend::CpuBackendCounters Counters() const;
  // What this engine holds. Any thread.
  MemoryStats Memory() const;
  // What sessions and requests draw their tokens with, to be looked at. Any thread.
  const memory::BufferPool& buffers() const;
  // Whether it is well, by EngineOptions::health. Any thread.
  HealthStatus Health() const;
  // What was done about memory that ran short, oldest first. Any thread.
  std::vector<memory::PressureEvent> PressureEvents() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::engine
