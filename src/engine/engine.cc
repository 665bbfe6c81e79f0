// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <mutex>
#include <new>
#include <utility>

#include "base/status_macros.h"
#include "engine/calibration.h"
#include "engine/engine_core.h"
#include "engine/memory_stats.h"
#include "engine/session_state.h"
#include "engine/submission.h"

namespace sterna::engine {

std::string_view FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop: return "stop";
    case FinishReason::kLength: return "length";
    case FinishReason::kCancelled: return "cancelled";
    case FinishReason::kError: return "error";
  }
  return "unknown";
}

struct Engine::Impl {
  explicit Impl(std::unique_ptr<EngineCore> loaded) : core(std::move(loaded)) {}

  std::shared_ptr<EngineCore> core;
  std::mutex memory_mutex;
  uint64_t peak_bytes = 0;  // guarded by memory_mutex
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() { impl_->core->loop->Stop(); }

Result<std::unique_ptr<Engine>> Engine::Load(const std::string& path, const EngineOptions& options) {
  STERNA_ASSIGN_OR_RETURN(std::unique_ptr<EngineCore> core, LoadEngineCore(path, options));
  std::unique_ptr<Engine> engine(new Engine(std::make_unique<Impl>(std::move(core))));
  if (options.activations.measured) STERNA_RETURN_IF_ERROR(UseMeasuredScales(*engine, *engine->impl_->core));
  return engine;
}

Result<std::unique_ptr<Session>> Engine::NewSession() {
  try {
    return std::unique_ptr<Session>(new Session(std::make_unique<Session::State>(impl_->core)));
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted(NoRoomForSequence(*impl_->core->buffers));
  }
}

Status Engine::Submit(Submission submission) { return impl_->core->loop->Submit(std::move(submission)); }

QueueState Engine::Queue() const { return impl_->core->scheduler->State(); }

uint32_t Engine::max_running() const { return impl_->core->options.max_running; }

uint32_t Engine::max_waiting() const { return impl_->core->options.max_waiting; }

uint32_t Engine::instance_id() const { return impl_->core->options.instance_id; }

const text::Tokenizer& Engine::tokenizer() const { return *impl_->core->tokenizer; }

Result<std::shared_ptr<const grammar::Constraint>> Engine::Constrain(grammar::Automaton automaton) try {
  EngineCore& core = *impl_->core;
  const std::lock_guard lock(core.token_tree_mutex);
  if (core.token_tree == nullptr) core.token_tree = std::make_shared<const grammar::TokenTree>(*core.tokenizer);
  return grammar::Constraint::Create(std::move(automaton), core.token_tree);
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted("out of memory for a constraint");
}

const model::ModelConfig& Engine::config() const { return impl_->core->model->config(); }

uint32_t Engine::context_tokens() const { return impl_->core->context_tokens; }

const LoadReport& Engine::report() const { return impl_->core->report; }

const std::optional<ActivationRanges>& Engine::activation_ranges() const { return impl_->core->activation_ranges; }

MemoryStats Engine::Memory() const {
  const std::lock_guard lock(impl_->memory_mutex);
  return ReadMemoryStats(*impl_->core, impl_->peak_bytes);
}

const memory::BufferPool& Engine::buffers() const { return *impl_->core->buffers; }

HealthStatus Engine::Health() const { return impl_->core->health->Look(); }

std::vector<memory::PressureEvent> Engine::PressureEvents() const {
  if (!impl_->core->care) return {};
  return impl_->core->care->Events();
}

backend::CpuBackendCounters Engine::Counters() const { return impl_->core->loop->Counters(); }

}  // namespace sterna::engine
