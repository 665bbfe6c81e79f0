// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <algorithm>

#include "api/engine_options.h"
#include "api/states.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "config/resolve.h"
#include "download/resolve_model.h"
#include "text/jinja/date_text.h"
#include "tune/tuned_file.h"

namespace sterna {

Result<engine::EngineOptions> InferenceEngine::State::OptionsOf(const Config& its_config) const {
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions its_options, api::ToEngineOptions(its_config));
  its_options.max_sessions = its_config.batch.max_batch_size;
  if (profile && its_config.profile.enable_timing) its_options.recorder = &profile->recorder();
  return its_options;
}

Result<engine::EngineOptions> InferenceEngine::State::OptionsFor(const std::string& model_path) const {
  if (!sources) return options;
  config::Sources with_tuned = *sources;
  with_tuned.tuned = tune::TunedSettings(model_path);
  if (with_tuned.tuned.empty()) return options;
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, config::Resolve(with_tuned));
  return OptionsOf(resolved.config);
}

std::vector<std::shared_ptr<Model::State>> InferenceEngine::State::LoadedModels() {
  const std::lock_guard lock(mutex);
  std::erase_if(models, [](const auto& model) { return model.expired(); });
  std::vector<std::shared_ptr<Model::State>> loaded;
  for (const auto& model : models) {
    if (auto held = model.lock()) loaded.push_back(std::move(held));
  }
  return loaded;
}

Result<InferenceEngine> InferenceEngine::create() {
  config::Sources sources = config::SystemSources();
  STERNA_ASSIGN_OR_RETURN(config::Resolved resolved, config::Resolve(sources));
  for (const std::string& warning : resolved.warnings) Log(LogLevel::kWarn, "config", warning);
  STERNA_ASSIGN_OR_RETURN(InferenceEngine engine, with_config(std::move(resolved.config)));
  engine.state_->sources = std::move(sources);
  return engine;
}

Result<InferenceEngine> InferenceEngine::with_config(const EngineConfig& config) {
  Config whole;
  whole.engine = config;
  return with_config(std::move(whole));
}

Result<InferenceEngine> InferenceEngine::with_config(Config config) {
  auto state = std::make_shared<State>();
  if (config.engine.enable_monitoring) {
    STERNA_ASSIGN_OR_RETURN(state->profile, monitor::Session::Start(monitor::SessionOptionsOf(config.profile)));
  }
  STERNA_ASSIGN_OR_RETURN(state->options, state->OptionsOf(config));
  state->config = std::move(config);
  return InferenceEngine(std::move(state));
}

const Config& InferenceEngine::config() const { return state_->config; }

Result<Model> InferenceEngine::load_model(std::string_view path_or_hub_name) {
  auto model = std::make_shared<Model::State>();
  model->profile = state_->profile;
  STERNA_ASSIGN_OR_RETURN(model->path, download::ResolveModelFile(std::string(path_or_hub_name)));
  STERNA_ASSIGN_OR_RETURN(const engine::EngineOptions options, state_->OptionsFor(model->path));
  STERNA_ASSIGN_OR_RETURN(model->engine, engine::Engine::Load(model->path, options));
  const engine::Engine& engine = *model->engine;
  auto choice = text::ChatTemplate::ForModel(engine.config().architecture, engine.tokenizer().vocabulary(), "",
                                             text::jinja::LocalCivilTime());
  if (!choice.ok()) return choice.status();
  model->chat_template = std::move(choice->chat_template);
  model->sessions = std::make_unique<api::SessionPool>(*model->engine, options.max_sessions);
  const std::lock_guard lock(state_->mutex);
  state_->models.push_back(model);
  return Model(std::move(model));
}

// Sums of megabytes; the shares are those of the largest model, which mostly is the only one.
MemoryStats InferenceEngine::get_memory_stats() const {
  MemoryStats all;
  double largest_mb = -1;
  for (const auto& model : state_->LoadedModels()) {
    const MemoryStats stats = model->engine->Memory();
    if (stats.allocated_mb > largest_mb) {
      largest_mb = stats.allocated_mb;
      all.usage_percent = stats.usage_percent;
      all.efficiency_percent = stats.efficiency_percent;
      all.fragmentation_percent = stats.fragmentation_percent;
    }
    all.allocated_mb += stats.allocated_mb;
    all.peak_mb += stats.peak_mb;
  }
  return all;
}

HealthStatus InferenceEngine::health() const {
  HealthStatus all;
  for (const auto& model : state_->LoadedModels()) {
    const HealthStatus one = model->engine->Health();
    all.state = std::max(all.state, one.state);
    all.reasons.insert(all.reasons.end(), one.reasons.begin(), one.reasons.end());
  }
  return all;
}

Result<std::string> InferenceEngine::generate_report() const {
  if (state_->profile) return state_->profile->Report(state_->config.profile);
  return Status::FailedPrecondition("nothing is recorded; set engine.enable_monitoring before the engine is made");
}

Status InferenceEngine::clear_cache() {
  for (const auto& model : state_->LoadedModels()) model->sessions->Clear();
  return {};
}

Status InferenceEngine::cleanup_memory() {
  STERNA_RETURN_IF_ERROR(clear_cache());
  malloc_trim(0);
  return {};
}

}  // namespace sterna
