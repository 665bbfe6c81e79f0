// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "api/states.h"

namespace sterna {

void Generation::State::AddText(std::string_view piece) {
  const std::lock_guard lock(mutex);
  text += piece;
  changed.notify_all();
}

void Generation::State::Finish(Result<GenerationResult> end) {
  std::coroutine_handle<> waiting;
  std::function<void(std::coroutine_handle<>)> run;
  {
    const std::lock_guard lock(mutex);
    result = std::move(end);
    done = true;
    waiting = std::exchange(waiter, nullptr);
    run = std::move(executor);
    changed.notify_all();
  }
  if (!waiting) return;
  run ? run(waiting) : waiting.resume();
}

Result<GenerationResult> Generation::State::TakeResult() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return done; });
  if (!result) return Status::FailedPrecondition("the answer was taken already; it is given once");
  Result<GenerationResult> taken = *std::move(result);
  result.reset();
  return taken;
}

Generation::Generation(std::shared_ptr<State> state) : state_(std::move(state)) {}

Generation::Generation(Generation&&) noexcept = default;

Generation& Generation::operator=(Generation&& other) noexcept {
  if (this != &other) {
    Abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}

Generation::~Generation() { Abandon(); }

// A coroutine that was resumed by the answer's own thread destroys this there: that thread cannot wait for itself.
void Generation::Abandon() {
  if (state_ == nullptr) return;
  state_->cancelled = true;
  if (!state_->thread.joinable()) return;
  state_->thread.get_id() == std::this_thread::get_id() ? state_->thread.detach() : state_->thread.join();
}

Result<GenerationResult> Generation::get() { return state_->TakeResult(); }

bool Generation::wait_for(ms timeout) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return state_->done; });
}

void Generation::cancel() { state_->cancelled = true; }

std::optional<std::string> Generation::next() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->done || !state_->text.empty(); });
  if (state_->text.empty()) return std::nullopt;
  return std::exchange(state_->text, {});
}

bool Generation::await_ready() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->done;
}

bool Generation::await_suspend(std::coroutine_handle<> waiter) {
  const std::lock_guard lock(state_->mutex);
  if (state_->done) return false;
  state_->waiter = waiter;
  return true;
}

Result<GenerationResult> Generation::await_resume() { return state_->TakeResult(); }

Generation&& Generation::resume_on(std::function<void(std::coroutine_handle<>)> executor) && {
  const std::lock_guard lock(state_->mutex);
  state_->executor = std::move(executor);
  return std::move(*this);
}

}  // namespace sterna
