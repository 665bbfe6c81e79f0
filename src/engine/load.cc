// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <new>
#include <system_error>

#include "base/log.h"
#include "base/status_macros.h"
#include "engine/calibration.h"
#include "engine/core_readings.h"
#include "engine/engine_core.h"
#include "engine/load_plan.h"
#include "engine/memory_estimate.h"
#include "format/checksums.h"
#include "kernels/dispatch.h"
#include "monitor/listeners.h"
#include "monitor/track.h"
#include "platform/cpu_features.h"
#include "platform/memory_nodes.h"
#include "platform/memory_usage.h"
#include "platform/topology.h"
#include "platform/worker_binding.h"

namespace sterna::engine {
namespace {

constexpr uint32_t kMaxStepRows = 1u << 14;
constexpr uint32_t kMaxSessions = 1u << 12;

const char* HeadModeName(backend::HeadMode mode) {
  switch (mode) {
    case backend::HeadMode::kExact: return "exact";
    case backend::HeadMode::kCertified: return "certified";
    case backend::HeadMode::kScreened: return "screened";
  }
  return "unknown";
}

class CoreLoader {
 public:
  CoreLoader(const std::string& path, const EngineOptions& options)
      : path_(path), core_(std::make_unique<EngineCore>()) {
    core_->options = options;
  }

  Result<std::unique_ptr<EngineCore>> Load() {
    const Clock::time_point start = Clock::now();
    track_ = AddTrack("load");
    const monitor::Span whole(track_, "load");
    STERNA_RETURN_IF_ERROR(CheckOptions());
    STERNA_RETURN_IF_ERROR(Stage("start workers", &CoreLoader::StartWorkers));
    STERNA_RETURN_IF_ERROR(Stage("open file", &CoreLoader::OpenFile));
    StartTokenizer();
    STERNA_RETURN_IF_ERROR(Stage("plan memory", &CoreLoader::PlanMemory));
    STERNA_RETURN_IF_ERROR(Stage("load weights", &CoreLoader::LoadModel));
    // What a window may take is known once all else is there.
    if (core_->report.streamed) STERNA_RETURN_IF_ERROR(Stage(kVocabularyStage, &CoreLoader::FinishTokenizer));
    STERNA_RETURN_IF_ERROR(Stage("take memory", &CoreLoader::TakeMemory));
    if (!core_->report.streamed) STERNA_RETURN_IF_ERROR(Stage(kVocabularyStage, &CoreLoader::FinishTokenizer));
    STERNA_RETURN_IF_ERROR(Stage("start steps", &CoreLoader::StartLoop));
    STERNA_RETURN_IF_ERROR(StartCare());
    STERNA_RETURN_IF_ERROR(WatchHealth());
    core_->report.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    Progress("ready", 1);
    return std::move(core_);
  }

 private:
  static constexpr std::string_view kVocabularyStage = "wait for vocabulary";

  // Null when nobody listens.
  monitor::Track* AddTrack(const char* name) const {
    monitor::Recorder* const recorder = core_->options.recorder ? core_->options.recorder : listener_.get();
    return recorder != nullptr ? recorder->AddTrack(name) : nullptr;
  }

  Status Stage(std::string_view name, Status (CoreLoader::*stage)()) {
    const monitor::Span span(track_, name);
    return (this->*stage)();
  }

  void Progress(std::string_view stage, double fraction) const {
    if (core_->options.on_load_progress) core_->options.on_load_progress(stage, fraction);
  }

  Status CheckOptions() const {
    const EngineOptions& options = core_->options;
    const auto check = [](std::string_view name, uint32_t value, uint32_t max) {
      if (value >= 1 && value <= max) return Status();
      return Status::InvalidArgument(fmt::format("{} is {}; expected 1..{}", name, value, max));
    };
    STERNA_RETURN_IF_ERROR(check("max_sessions", options.max_sessions, kMaxSessions));
    STERNA_RETURN_IF_ERROR(check("max_running", options.max_running, kMaxSessions));
    STERNA_RETURN_IF_ERROR(check("step_rows", options.step_rows, kMaxStepRows));
    STERNA_RETURN_IF_ERROR(check("step_sequences", options.step_sequences, UINT32_MAX));
    STERNA_RETURN_IF_ERROR(check("work_item_bytes", options.work_item_bytes, UINT32_MAX));
    STERNA_RETURN_IF_ERROR(check("prefill_chunk_tokens", options.prefill_chunk_tokens, UINT32_MAX));
    return CheckPool();
  }

  Status CheckPool() const {
    const uint64_t initial_bytes = core_->options.pool_initial_bytes.value_or(0);
    const uint64_t limit_bytes = core_->options.memory_limit_bytes;
    if (limit_bytes == 0 || initial_bytes <= limit_bytes) return {};
    return Status::InvalidArgument(
        fmt::format("memory_pool.initial_size_mb is {}, over the memory limit of {} MB; give less", initial_bytes >> 20,
                    limit_bytes >> 20));
  }

  Status StartWorkers() {
    STERNA_ASSIGN_OR_RETURN(
        kernels_,
        kernels::SelectKernels(platform::DetectCpu().bits & ~core_->options.left_out_cpu_features, core_->options.isa));
    const EngineOptions& options = core_->options;
    if (!options.vectorized_unpacking) {
      kernels_ = &core_->mixed_kernels.emplace(kernels::WithScalarTernary(*kernels_));
    }
    LoadReport& report = core_->report;
    report.kernels = kernels_->isa;
    if (kernels::HasScalarTernary(*kernels_)) report.kernels += " (scalar ternary products)";
    report.threads = options.threads.value_or(platform::UsableCores());
    report.threads_prefill = options.threads_prefill.value_or(report.threads);
    STERNA_RETURN_IF_ERROR(platform::ThreadPool::CheckThreadCount(report.threads));
    STERNA_RETURN_IF_ERROR(platform::ThreadPool::CheckThreadCount(report.threads_prefill));
    // Threads beyond the CPUs only take them from each other, in the middle of a piece that all wait for.
    report.workers = std::min(std::max(report.threads, report.threads_prefill), platform::UsableLogicalCpus());
    const std::vector<platform::CpuPlace> places = platform::ReadCpuPlaces();
    const auto cpus = platform::PlanWorkers(places, options.binding, report.workers, options.instance_id);
    if (options.place_on_nodes) report.memory_nodes = platform::PlanMemoryNodes(places, cpus);
    STERNA_ASSIGN_OR_RETURN(core_->pool, platform::ThreadPool::Create(report.workers, cpus));
    return {};
  }

  Status OpenFile() {
    Progress("file", 0);
    STERNA_ASSIGN_OR_RETURN(core_->file, format::GgufFile::Open(path_));
    STERNA_ASSIGN_OR_RETURN(config_, model::ReadModelConfig(*core_->file, core_->options.model));
    if (core_->options.read_ahead) core_->report.read_ahead_bytes = core_->file->AdviseWillNeed();
    // More parts than the system lets a process open are read where they are mapped.
    if (Status status = core_->file->EnableReads(); status.code() == StatusCode::kCorrupt) return status;
    if (core_->options.verify_checksums) STERNA_RETURN_IF_ERROR(format::VerifyChecksums(*core_->file));
    return {};
  }

  // On a thread of its own: a large vocabulary takes as long as the weights do.
  void StartTokenizer() {
    try {
      tokenizer_ = std::async(std::launch::async, [this] { return LoadTokenizer(); });
    } catch (const std::system_error&) {  // no thread to be had
      tokenizer_ = std::async(std::launch::deferred, [this] { return LoadTokenizer(); });
    }
  }

  Result<std::unique_ptr<const text::Tokenizer>> LoadTokenizer() const {
    const monitor::Span span(AddTrack("vocabulary"), "load vocabulary");
    STERNA_ASSIGN_OR_RETURN(text::Vocabulary vocabulary, text::ReadVocabulary(*core_->file));
    for (const std::string& warning : vocabulary.warnings) Log(LogLevel::kWarn, "text", warning);
    return text::Tokenizer::Create(std::move(vocabulary));
  }

  Status FinishTokenizer() {
    Progress("vocabulary", 0);
    STERNA_ASSIGN_OR_RETURN(core_->tokenizer, tokenizer_.get());
    return {};
  }

  Status PlanMemory() {
    STERNA_ASSIGN_OR_RETURN(plan_,
                            PlanLoad(*core_->file, config_, core_->options, *kernels_, core_->pool->thread_count()));
    core_->context_tokens = plan_.context_tokens;
    core_->report.streamed = plan_.streamed;
    if (!plan_.streamed || core_->file->reads_enabled()) return {};
    return core_->file->EnableReads();
  }

  std::optional<backend::StreamOptions> Streaming() const {
    const EngineOptions& options = core_->options;
    if (!core_->report.streamed) return std::nullopt;
    return backend::StreamOptions{[&file = *core_->file](std::span<const std::byte> bytes, std::byte* out) {
                                    return file.ReadStored(bytes, out);
                                  },
                                  options.tensor_cache_bytes, options.eviction_policy, options.preload_strategy};
  }

  Status LoadModel() {
    core_->worker_times = std::make_unique<monitor::WorkerTimes>(core_->pool->thread_count());
    core_->backend =
        backend::CpuBackend::Create(*kernels_, *core_->pool,
                                    {.work_item_bytes = core_->options.work_item_bytes,
                                     .parallel_threshold = core_->options.parallel_threshold,
                                     .placement = {core_->options.alignment_bytes, core_->report.memory_nodes},
                                     .copy_packed = core_->options.weights != WeightPlacement::kMapped,
                                     .skip_zeros = core_->options.skip_zeros,
                                     .head = plan_.head,
                                     .head_in_background = core_->options.head_in_background,
                                     .decode_workers = core_->report.threads,
                                     .prefill_workers = core_->report.threads_prefill,
                                     .outliers = RowOutliers(core_->options.activations),
                                     .unpack = core_->options.unpack,
                                     .stream = Streaming(),
                                     .worker_times = core_->worker_times.get()});
    core_->timed_backend = std::make_unique<backend::TimedBackend>(*core_->backend, core_->worker_times.get());
    model::ModelOptions options = core_->options.model;
    options.loading.streamed = core_->report.streamed;
    options.loading.map_all = core_->options.weights == WeightPlacement::kMapped;
    // A certified or screened head is read here and there, where it lies.
    options.loading.keep_head = plan_.head != backend::HeadMode::kExact;
    options.on_progress = [this](double fraction) { Progress("weights", fraction); };
    STERNA_ASSIGN_OR_RETURN(core_->model, model::Model::Load(*core_->file, options, *core_->timed_backend));
    model::Model::LinearRoles roles = core_->model->Roles();
    core_->timed_backend->SetRoles(std::move(roles.ternary), std::move(roles.dense));
    LoadReport& report = core_->report;
    report.weight_type = core_->model->weight_type();
    report.head_type = core_->model->head_type();
    report.head_mode = HeadModeName(plan_.head);
    report.placements = core_->model->placements();
    report.loading = core_->model->load_counters();
    report.weight_bytes_per_token = core_->model->BytesPerToken();
    report.ternary_macs_per_token = core_->model->TernaryMacsPerToken();
    return {};
  }

  Status TakeMemory() {
    Progress("memory", 0);
    backend::CpuBackend& backend = *core_->backend;
    const uint64_t limit_bytes = core_->options.memory_limit_bytes;
    uint64_t own_bytes = 0;
    if (core_->report.streamed && limit_bytes > 0) {
      own_bytes = BytesBeside(backend.Plan());
      const uint64_t taken_bytes = own_bytes + plan_.request_bytes;
      backend.LimitPlan(limit_bytes > taken_bytes ? limit_bytes - taken_bytes : 0);
    }
    STERNA_RETURN_IF_ERROR(backend.SetKv({config_.layers, config_.kv_heads, config_.head_dim, plan_.kv_blocks,
                                          core_->options.kv_type, config_.heads, config_.window}));
    STERNA_RETURN_IF_ERROR(core_->model->SetPositions(core_->context_tokens));
    STERNA_RETURN_IF_ERROR(backend.Prepare(plan_.limits.rows, plan_.limits.outputs));
    core_->report.plan = backend.Plan();
    core_->report.plan.items.push_back({std::string(kRequestBuffers), plan_.request_bytes});
    if (own_bytes > 0) core_->report.plan.items.push_back({"program and vocabulary", own_bytes});
    STERNA_RETURN_IF_ERROR(CheckMemoryLimit(core_->report.plan, limit_bytes));
    const uint64_t rest_bytes = limit_bytes - std::min(limit_bytes, core_->report.plan.TotalBytes());
    STERNA_ASSIGN_OR_RETURN(core_->buffers, memory::BufferPool::Create(
                                                PlanPool(core_->options, plan_, config_.vocabulary_size, rest_bytes)));
    return {};
  }

  // What the process holds beside the backend, as the kernel counts it: the program, the vocabulary, the file's header.
  static uint64_t BytesBeside(const backend::MemoryPlan& plan) {
    const uint64_t resident_bytes = platform::ReadMemoryUsage().resident_bytes;
    return resident_bytes - std::min(resident_bytes, plan.TotalBytes());
  }

  Status StartLoop() {
    const uint64_t block_bytes = std::max<uint64_t>(core_->report.plan.BytesOf("KV cache") / plan_.kv_blocks, 1);
    const uint64_t remembered = core_->options.prefix_cache_bytes / block_bytes;
    core_->kv = std::make_unique<KvLedger>(plan_.kv_blocks, uint32_t(std::min<uint64_t>(remembered, plan_.kv_blocks)));
    core_->scheduler =
        std::make_unique<Scheduler>(Scheduler::Limits{.running = core_->options.max_running,
                                                      .waiting = core_->options.max_waiting,
                                                      .context_tokens = core_->context_tokens,
                                                      .vocabulary_size = core_->tokenizer->vocabulary_size()},
                                    *core_->kv, *core_->buffers);
    core_->profile = std::make_unique<StepProfile>(core_->options.recorder, *core_->timed_backend);
    core_->health = std::make_unique<monitor::HealthMonitor>(fmt::format("instance {}", core_->options.instance_id),
                                                             core_->options.health, monitor::SteadyClock(),
                                                             [&core = *core_] { return ReadHealth(core); });
    core_->loop =
        std::make_unique<StepLoop>(StepLoop::Parts{*core_->model, *core_->backend, *core_->tokenizer, *core_->kv,
                                                   *core_->scheduler, *core_->pool, *core_->profile, *core_->health},
                                   plan_.limits);
    return core_->loop->Start();
  }

  Status StartCare() {
    const EngineOptions& options = core_->options;
    if (!options.pressure) return {};
    STERNA_ASSIGN_OR_RETURN(
        core_->care, MemoryCare::Start({*core_->backend, *core_->kv, *core_->loop, *core_->buffers}, *options.pressure,
                                       options.pressure_interval, [&core = *core_] { return ReadPressure(core); }));
    return {};
  }

  Status WatchHealth() {
    const monitor::HealthRules& rules = core_->options.health;
    if (!core_->options.watch_health) return {};
    STERNA_ASSIGN_OR_RETURN(
        core_->health_watch,
        platform::IntervalThread::Start("that watches health", std::min(rules.check_interval, rules.probe_interval),
                                        [&health = *core_->health] { health.Look(); }));
    return {};
  }

  const std::string& path_;
  std::unique_ptr<EngineCore> core_;
  const std::shared_ptr<monitor::Recorder> listener_ = monitor::CurrentListener();
  monitor::Track* track_ = nullptr;  // null: nothing is recorded
  const kernels::KernelTable* kernels_ = nullptr;
  model::ModelConfig config_;
  LoadPlan plan_;
  std::future<Result<std::unique_ptr<const text::Tokenizer>>> tokenizer_;  // last: it reads the file, so it ends first
};

}  // namespace

Result<std::unique_ptr<EngineCore>> LoadEngineCore(const std::string& path, const EngineOptions& options) {
  try {
    return CoreLoader(path, options).Load();
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted(fmt::format("out of memory while loading '{}'", path));
  }
}

}  // namespace sterna::engine
