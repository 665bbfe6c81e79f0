// SPDX-License-Identifier: Apache-2.0
#include "router/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "router/restart_delay.h"

namespace sterna::router {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(50);  // of who may give up
constexpr auto kGrace = std::chrono::seconds(10);

}  // namespace

Result<std::optional<int>> Supervisor::Start(const std::function<bool()>& give_up) {
  // If the first cannot start, neither can the others, and one error is enough; and what it read is in memory for them.
  STERNA_RETURN_IF_ERROR(Launch(0));
  bool up = WaitUntilUp(1, give_up);
  for (uint32_t i = 1; up && i < settings_.count; ++i) STERNA_RETURN_IF_ERROR(Launch(i));
  up = up && WaitUntilUp(settings_.count, give_up);
  if (up) return std::optional<int>();
  Stop();
  if (!failure_) return Status::Cancelled("interrupted");
  if (failure_->exit_code) return failure_->exit_code;
  return failure_->status;
}

Status Supervisor::Launch(uint32_t instance) {
  try {
    threads_.emplace_back([this, instance] { Keep(instance); });
  } catch (const std::system_error&) {
    return Status::ResourceExhausted("no thread that watches over an instance; raise the limit of processes");
  }
  return {};
}

// False: one failed, or nobody waits any more.
bool Supervisor::WaitUntilUp(uint32_t instances, const std::function<bool()>& give_up) {
  std::unique_lock lock(mutex_);
  const auto all_up = [&] {
    return std::all_of(states_.begin(), states_.begin() + instances, [](const InstanceState& s) { return s.up; });
  };
  while (!failure_ && !all_up()) {
    if (give_up()) return false;
    changed_.wait_for(lock, kPoll);
  }
  return !failure_;
}

void Supervisor::Keep(uint32_t instance) {
  RestartDelay delay;
  bool was_ever_up = false;
  while (true) {
    const Clock::time_point begin = Clock::now();
    const Life life = Live(instance);
    was_ever_up = was_ever_up || life.was_up;
    const auto wait = delay.Next(std::chrono::duration_cast<RestartDelay::Duration>(Clock::now() - begin));
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      ++states_[instance].restarts;
    }
    if (!was_ever_up) return Fail(instance, life);
    Log(LogLevel::kWarn, "router",
        fmt::format("instance {} ended: {}; it is started again in {} ms", instance, life.reason, wait.count()));
    if (!Sleep(wait)) return;
  }
}

Supervisor::Life Supervisor::Live(uint32_t instance) {
  Result<platform::ChildProcess> child = platform::StartChild(settings_.executable, settings_.words(instance));
  if (!child.ok()) return {.end = {}, .reason = child.status().message(), .was_up = false};
  const bool wanted = Adopt(instance, child->id);
  const bool up = platform::WaitForByte(child->descriptor) && wanted;
  if (up) {
    settings_.on_up(instance);
    const std::lock_guard lock(mutex_);
    states_[instance].up = true;
    changed_.notify_all();
    Log(LogLevel::kInfo, "router", fmt::format("instance {} is up, process {}", instance, child->id));
  }
  platform::WaitForEnd(child->id);
  if (up) settings_.on_down(instance);
  const std::lock_guard lock(mutex_);  // whoever sends signals must not meet a number that is another's by now
  states_[instance].process = 0;
  states_[instance].up = false;
  const platform::ChildEnd end = platform::Reap(child->id);
  changed_.notify_all();
  return {.end = end, .reason = platform::Describe(end), .was_up = up};
}

// False when it was started too late; then it is ended.
bool Supervisor::Adopt(uint32_t instance, pid_t process) {
  const std::lock_guard lock(mutex_);
  states_[instance].process = process;
  if (stopping_) kill(process, SIGTERM);
  return !stopping_;
}

void Supervisor::Fail(uint32_t instance, const Life& life) {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  if (failure_) return;
  failure_ = Failure{.instance = instance, .status = {}, .exit_code = {}};
  if (life.end && life.end->signal == 0 && life.end->exit_code != 0) {
    failure_->exit_code = life.end->exit_code;
    return;
  }
  failure_->status = Status::Unavailable(
      fmt::format("instance {} ended before it was ready: {}; try without --instances", instance, life.reason));
}

bool Supervisor::Sleep(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

void Supervisor::Signal(int signal) {
  const std::lock_guard lock(mutex_);
  for (const InstanceState& state : states_) {
    if (state.process != 0) kill(state.process, signal);
  }
}

void Supervisor::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  Signal(SIGTERM);
  {
    std::unique_lock lock(mutex_);
    const auto none = [this] {
      return std::all_of(states_.begin(), states_.end(), [](const InstanceState& s) { return s.process == 0; });
    };
    changed_.wait_for(lock, kGrace, none);
  }
  Signal(SIGKILL);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::vector<Supervisor::InstanceState> Supervisor::States() const {
  const std::lock_guard lock(mutex_);
  return states_;
}

}  // namespace sterna::router
