// SPDX-License-Identifier: Apache-2.0
//
// Models that answer: what a program that links Sterna works with.
//
//   sterna::InferenceEngine engine = sterna::InferenceEngine::create().value();
//   sterna::Model model = engine.load_model("model.gguf").value();
//   std::string text = model.generate("What is a sparrow?").value().text;
//
// Everything here may be used from any thread. Handles are cheap to copy and share what they name; it lives as long as
// one of them does. The library never throws: Result::value() does, in the caller's code, when there is no value.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sterna/config.h"
#include "sterna/health.h"
#include "sterna/memory.h"
#include "sterna/status.h"

namespace sterna {

// Why an answer ended: a token or text that ends answers, the limit on tokens or context, the caller, a fault.
enum class FinishReason : uint8_t { Stop, Length, Cancelled, Error };

// A message of a conversation.
enum class Role : uint8_t { System, User, Assistant };
struct ChatMessage {
  Role role = Role::User;
  std::string content;
};

struct GenerationResult {
  std::string text;             // whole UTF-8, without the stop text
  std::vector<int32_t> tokens;  // as drawn, without the token that ends answers
  size_t token_count = 0;       // of `tokens`
  FinishReason finish_reason = FinishReason::Stop;
  double generation_time_ms = 0;  // from the request to its end
};

// One answer while it is made. It began when this was returned; destroying it cancels it. Move-only. Its functions may
// be called from one thread at a time, cancel() from any.
class Generation {
 public:
  Generation(Generation&&) noexcept;
  Generation& operator=(Generation&&) noexcept;
  ~Generation();

  // Waits for the end. A cancelled answer is ok as far as it came, with FinishReason::Cancelled. Once only: the second
  // call is FailedPrecondition, as is get() after await_resume().
  Result<GenerationResult> get();
  // Whether it has ended, after waiting so long at most.
  bool wait_for(ms timeout);
  void cancel();
  // Waits for more text; nothing when the answer has ended and all its text was given.
  std::optional<std::string> next();

  // co_await generation: goes on in the thread that made the answer, or where resume_on's executor runs it.
  bool await_ready() const noexcept;
  bool await_suspend(std::coroutine_handle<> waiter);
  Result<GenerationResult> await_resume();
  Generation&& resume_on(std::function<void(std::coroutine_handle<>)> executor) &&;

 private:
  friend class Model;
  friend class TextGenerator;
  struct State;
  explicit Generation(std::shared_ptr<State> state);
  void Abandon();
  std::shared_ptr<State> state_;
};

// A loaded model. Requests of any number of threads share its steps, up to batch.max_batch_size at once; more wait.
class Model {
 public:
  // Waits for the whole answer. The prompt is a user's message where the model has a chat template, else plain text.
  // InvalidArgument for settings out of range, ResourceExhausted for a prompt that does not fit the context.
  Result<GenerationResult> generate(std::string_view prompt, const GenerationConfig& config = {}) const;
  // The same for what the assistant says next in a conversation. What was computed for an earlier request that began
  // alike is used again. Unsupported for a model without a chat template.
  Result<GenerationResult> chat(const std::vector<ChatMessage>& conversation,
                                const GenerationConfig& config = {}) const;

  const std::string& path() const;
  uint32_t max_sequence_length() const;  // context in tokens
  uint32_t vocabulary_size() const;
  // Ids of a text, without chat template; special tokens in it are parsed. Text of ids.
  Result<std::vector<int32_t>> tokenize(std::string_view text) const;
  Result<std::string> detokenize(const std::vector<int32_t>& tokens) const;

 private:
  friend class InferenceEngine;
  friend class TextGenerator;
  struct State;
  explicit Model(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// A configuration and the models that were loaded with it.
class InferenceEngine {
 public:
  // Settings from the environment and the user's file (docs/configuration.md).
  static Result<InferenceEngine> create();
  // These settings and no others. InvalidArgument, naming the key, for a value out of range; Unavailable for a device
  // that is missing and has no fallback.
  static Result<InferenceEngine> with_config(const EngineConfig& config);
  static Result<InferenceEngine> with_config(Config config);

  // A file, or the name of a model in the caches (OWNER/MODEL). NotFound, Corrupt, Unsupported or ResourceExhausted as
  // the file is; nothing is fetched.
  Result<Model> load_model(std::string_view path_or_hub_name);
  const Config& config() const;

  // Of all models that are loaded: sums, and the shares of the largest.
  MemoryStats get_memory_stats() const;
  // The worst of them, with all reasons (docs/health.md).
  HealthStatus health() const;
  // What its models did since it was made, as config().profile says. FailedPrecondition without
  // engine.enable_monitoring.
  Result<std::string> generate_report() const;
  // Forgets keys and values of earlier requests, which would have saved later ones their beginnings.
  Status clear_cache();
  // The same, and free memory goes back to the system.
  Status cleanup_memory();

 private:
  struct State;
  explicit InferenceEngine(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

using Engine = InferenceEngine;

// Answers that are made in the background.
class TextGenerator {
 public:
  TextGenerator(InferenceEngine engine, Model model, GenerationConfig config = {});
  // `on_text`, when set, is called with each piece of text as it comes, in a thread of the engine: it must be quick.
  // Text that it was given does not come again from Generation::next.
  Generation generate(std::string prompt, std::function<void(std::string_view)> on_text = {});
  Generation chat(std::vector<ChatMessage> conversation, std::function<void(std::string_view)> on_text = {});

 private:
  Generation Start(std::variant<std::string, std::vector<ChatMessage>> prompt,
                   std::function<void(std::string_view)> on_text);

  InferenceEngine engine_;
  Model model_;
  GenerationConfig config_;
};

}  // namespace sterna
