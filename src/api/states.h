// SPDX-License-Identifier: Apache-2.0
//
// What the handles of sterna/engine.h share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "api/session_pool.h"
#include "config/resolve.h"
#include "engine/engine.h"
#include "monitor/session.h"
#include "sterna/engine.h"
#include "text/chat_template.h"

namespace sterna {

// A text, which is the user's message where there is a template, or a conversation.
using Prompt = std::variant<std::string, std::vector<ChatMessage>>;

struct Model::State {
  std::string path;
  std::shared_ptr<monitor::Session> profile;  // the engine's; null: nothing is recorded
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<const text::ChatTemplate> chat_template;  // null: prompts are plain text
  std::unique_ptr<api::SessionPool> sessions;               // goes before the engine

  // One answer, start to end, in the calling thread. `on_text` may be empty.
  Result<GenerationResult> Answer(const Prompt& prompt, const GenerationConfig& config,
                                  const std::function<void(std::string_view)>& on_text,
                                  const std::function<bool()>& cancelled) const;

 private:
  Result<std::vector<text::TokenId>> PromptTokens(const Prompt& prompt) const;
};

struct InferenceEngine::State {
  // Of an engine that asked the environment: where its configuration came from. What was tuned for a model is put
  // beneath it.
  std::optional<config::Sources> sources;
  Config config;
  engine::EngineOptions options;              // what the configuration tells every model's engine
  std::shared_ptr<monitor::Session> profile;  // null: nothing is recorded
  std::mutex mutex;
  std::vector<std::weak_ptr<Model::State>> models;  // guarded by mutex

  // What a configuration tells an engine, and who records it.
  Result<engine::EngineOptions> OptionsOf(const Config& its_config) const;
  // What the configuration, with what was tuned for the model, tells its engine.
  Result<engine::EngineOptions> OptionsFor(const std::string& model_path) const;
  std::vector<std::shared_ptr<Model::State>> LoadedModels();
};

// Shared by the handle and the thread that makes the answer; whoever is last destroys it.
struct Generation::State {
  std::atomic<bool> cancelled = false;
  std::thread thread;  // touched by the handle's side alone

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  std::string text;  // that nobody fetched
  bool done = false;
  std::optional<Result<GenerationResult>> result;
  std::coroutine_handle<> waiter;
  std::function<void(std::coroutine_handle<>)> executor;

  void AddText(std::string_view piece);
  void Finish(Result<GenerationResult> end);
  Result<GenerationResult> TakeResult();
};

}  // namespace sterna
