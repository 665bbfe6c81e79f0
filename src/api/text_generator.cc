// SPDX-License-Identifier: Apache-2.0
#include <system_error>
#include <utility>

#include "api/states.h"

namespace sterna {

TextGenerator::TextGenerator(InferenceEngine engine, Model model, GenerationConfig config)
    : engine_(std::move(engine)), model_(std::move(model)), config_(std::move(config)) {}

Generation TextGenerator::generate(std::string prompt, std::function<void(std::string_view)> on_text) {
  return Start(std::move(prompt), std::move(on_text));
}

Generation TextGenerator::chat(std::vector<ChatMessage> conversation, std::function<void(std::string_view)> on_text) {
  return Start(std::move(conversation), std::move(on_text));
}

Generation TextGenerator::Start(Prompt prompt, std::function<void(std::string_view)> on_text) {
  auto state = std::make_shared<Generation::State>();
  auto work = [state, model = model_.state_, config = config_, prompt = std::move(prompt),
               on_text = std::move(on_text)] {
    const auto take = [&](std::string_view piece) { on_text ? on_text(piece) : state->AddText(piece); };
    state->Finish(model->Answer(prompt, config, take, [&] { return state->cancelled.load(); }));
  };
  try {
    // Under the lock: what the thread resumes may ask for the thread.
    const std::lock_guard lock(state->mutex);
    state->thread = std::thread(std::move(work));
  } catch (const std::system_error&) {
    state->Finish(Status::ResourceExhausted("the system gives no thread for another answer"));
  }
  return Generation(std::move(state));
}

}  // namespace sterna
