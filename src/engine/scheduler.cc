// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler.h"

#include <algorithm>
#include <new>

#include "base/checked_math.h"
#include "base/status_macros.h"
#include "engine/request_begin.h"

namespace sterna::engine {
namespace {

Status ShuttingDown() { return Status::Cancelled("the engine is shutting down"); }

// Callbacks that throw must not take the loop down with them.
void Tell(ScheduledRequest& request, Result<GenerateResult> result) {
  try {
    if (request.submission.on_done) request.submission.on_done(std::move(result));
  } catch (...) {
  }
}

bool IsCancelled(const ScheduledRequest& request) {
  try {
    return request.submission.generate.cancelled && request.submission.generate.cancelled();
  } catch (...) {
    return true;
  }
}

bool IsLate(const Submission& submission, Clock::time_point now) {
  return submission.deadline && now >= *submission.deadline;
}

// Positions that are not computed are not shown either.
bool WantsEveryPosition(const GenerateRequest& request) { return request.on_hidden || request.on_prompt_logits; }

// What a waiting request ends with; one that was preempted keeps what it drew.
Result<GenerateResult> EndOfWaiting(ScheduledRequest& request, Clock::time_point now) {
  if (IsLate(request.submission, now)) return Status::Cancelled("the request's deadline passed while it waited");
  GenerateResult result = request.sequence ? std::move(request.sequence->result) : GenerateResult{};
  result.finish_reason = FinishReason::kCancelled;
  result.timings.generated_tokens = uint32_t(result.tokens.size());
  return result;
}

}  // namespace

Status Scheduler::Submit(Submission submission) {
  STERNA_RETURN_IF_ERROR(CheckRequest(submission.generate, limits_.vocabulary_size, 0, limits_.context_tokens));
  const std::lock_guard lock(mutex_);
  if (stopped_) return ShuttingDown();
  if (waiting_.size() >= limits_.waiting) {
    return Status::Unavailable("the queue is full: " + std::to_string(waiting_.size()) + " requests wait");
  }
  try {
    auto request = std::make_unique<ScheduledRequest>();
    request->submission = std::move(submission);
    request->arrival = Clock::now();
    request->order = ++arrivals_;
    waiting_.push_back(std::move(request));
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("out of memory for the request");
  }
  return {};
}

QueueState Scheduler::State() const {
  const std::lock_guard lock(mutex_);
  const uint32_t blocks = kv_.block_count();
  return {.waiting = uint32_t(waiting_.size()),
          .running = uint32_t(running_.size()),
          .preempted_total = preempted_total_,
          .kv_blocks_used = blocks - kv_.free_blocks(),
          .kv_blocks_total = blocks,
          .kv_blocks_remembered = kv_.remembered_blocks()};
}

bool Scheduler::HasWaiting() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

bool Scheduler::IsLate(const Sequence& sequence, Clock::time_point now) {
  return sequence.scheduled != nullptr && engine::IsLate(sequence.scheduled->submission, now);
}

void Scheduler::Admit(std::vector<Sequence*>& active) {
  const Clock::time_point now = Clock::now();
  for (const auto& ended : TakeEnded(now)) {
    Tell(*ended, EndOfWaiting(*ended, now));
  }
  while (true) {
    std::unique_ptr<ScheduledRequest> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty() || running_.size() >= limits_.running) return;
      const Waiting::iterator chosen = Next();
      // With nothing running nothing will become free by waiting: it is tried, and fails with what is missing.
      if (!active.empty() && !Fits(**chosen)) return;
      next = std::move(*chosen);
      waiting_.erase(chosen);
    }
    if (!Start(std::move(next), active)) return;
  }
}

std::vector<std::unique_ptr<ScheduledRequest>> Scheduler::TakeEnded(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto stays = [&](const auto& request) {
    return !engine::IsLate(request->submission, now) && !IsCancelled(*request);
  };
  const auto first_ended = std::stable_partition(waiting_.begin(), waiting_.end(), stays);
  std::vector<std::unique_ptr<ScheduledRequest>> ended(std::make_move_iterator(first_ended),
                                                       std::make_move_iterator(waiting_.end()));
  waiting_.erase(first_ended, waiting_.end());
  return ended;
}

Scheduler::Waiting::iterator Scheduler::Next() {
  return std::min_element(waiting_.begin(), waiting_.end(),
                          [this](const auto& a, const auto& b) { return Precedes(*a, *b); });
}

// Those preempted come first: they were running already.
bool Scheduler::Precedes(const ScheduledRequest& a, const ScheduledRequest& b) const {
  const bool a_ran = a.sequence != nullptr, b_ran = b.sequence != nullptr;
  if (a_ran != b_ran) return a_ran;
  if (a.submission.priority != b.submission.priority) return a.submission.priority > b.submission.priority;
  const auto running = [this](const ScheduledRequest& request) {
    const auto found = running_of_client_.find(request.submission.client);
    return found == running_of_client_.end() ? 0 : found->second;
  };
  const uint32_t a_running = running(a), b_running = running(b);
  return a_running != b_running ? a_running < b_running : a.order < b.order;
}

// Room for what is known and the first token drawn; what an answer takes later it gets, or somebody gives way.
bool Scheduler::Fits(const ScheduledRequest& request) const {
  const size_t known = request.sequence ? request.sequence->tokens.size() : request.submission.generate.prompt.size();
  return kv_.free_blocks() >= CeilDiv<size_t>(known + 1, model::kTokensPerBlock);
}

bool Scheduler::Start(std::unique_ptr<ScheduledRequest> request, std::vector<Sequence*>& active) {
  ScheduledRequest& started = *request;
  try {
    const bool first_time = !started.sequence;
    if (first_time) {
      if (!GiveSequence(started)) {
        if (active.empty()) return Tell(started, Status::ResourceExhausted(NoRoomForSequence(buffers_))), true;
        const std::lock_guard lock(mutex_);
        waiting_.push_front(std::move(request));
        return false;
      }
      Status begun = BeginRequest(*started.sequence, started.submission.generate);
      if (!begun.ok()) {
        idle_.push_back(std::move(started.sequence));
        return Tell(started, std::move(begun)), true;
      }
      started.sequence->scheduled = &started;
      started.sequence->result.timings.queue_ms =
          std::chrono::duration<double, std::milli>(Clock::now() - started.arrival).count();
    }
    if (!WantsEveryPosition(started.submission.generate)) {  // one token is left to run
      Sequence& sequence = *started.sequence;
      sequence.computed_tokens = kv_.Adopt(sequence.kv, std::span(sequence.tokens).first(sequence.tokens.size() - 1));
    }
    if (first_time) {
      started.sequence->result.timings.prompt_tokens = started.sequence->PendingRows();
      started.sequence->result.timings.cached_tokens = started.sequence->computed_tokens;
    }
    Run(std::move(request), active);
  } catch (const std::bad_alloc&) {
    if (started.sequence) kv_.Truncate(started.sequence->kv, 0);
    Tell(started, Status::ResourceExhausted("out of memory for the request"));
  }
  return true;
}

bool Scheduler::GiveSequence(ScheduledRequest& request) {
  if (!idle_.empty()) {
    request.sequence = std::move(idle_.back());
    idle_.pop_back();
    return true;
  }
  try {
    request.sequence = std::make_unique<Sequence>(limits_.context_tokens, limits_.vocabulary_size, &buffers_);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void Scheduler::Run(std::unique_ptr<ScheduledRequest> request, std::vector<Sequence*>& active) {
  request->sequence->preempted = false;
  const std::lock_guard lock(mutex_);
  active.reserve(active.size() + 1);
  running_.reserve(running_.size() + 1);
  ++running_of_client_[request->submission.client];
  active.push_back(request->sequence.get());
  running_.push_back(std::move(request));
}

bool Scheduler::PreemptYoungest(std::vector<Sequence*>& active, const std::function<bool(const Sequence&)>& spared) {
  const std::lock_guard lock(mutex_);
  ScheduledRequest* youngest = nullptr;
  for (const auto& request : running_) {
    // Computed again, it would be shown again.
    if (WantsEveryPosition(request->submission.generate) || spared(*request->sequence)) continue;
    if (youngest == nullptr || request->order > youngest->order) youngest = request.get();
  }
  if (youngest == nullptr) return false;
  Sequence& sequence = *youngest->sequence;
  kv_.Truncate(sequence.kv, 0);
  sequence.computed_tokens = 0;
  sequence.preempted = true;
  sequence.speculation.Clear();
  std::erase(active, &sequence);
  ++preempted_total_;
  waiting_.push_front(TakeRunning(*youngest));
  return true;
}

std::unique_ptr<ScheduledRequest> Scheduler::TakeRunning(const ScheduledRequest& request) {
  const auto held = std::find_if(running_.begin(), running_.end(), [&](const auto& r) { return r.get() == &request; });
  const auto count = running_of_client_.find(request.submission.client);
  if (--count->second == 0) running_of_client_.erase(count);
  std::unique_ptr<ScheduledRequest> taken = std::move(*held);
  running_.erase(held);
  return taken;
}

void Scheduler::Remember(const Sequence& sequence) {
  try {
    kv_.Remember(sequence.kv, std::span(sequence.tokens).first(sequence.computed_tokens));
  } catch (const std::bad_alloc&) {  // then the next one computes it
  }
}

void Scheduler::Finish(Sequence& sequence) {
  std::unique_ptr<ScheduledRequest> request;
  {
    const std::lock_guard lock(mutex_);
    request = TakeRunning(*sequence.scheduled);
  }
  if (sequence.status.ok()) Remember(sequence);
  Status status = std::move(sequence.status);
  GenerateResult result = std::move(sequence.result);
  sequence.request = nullptr;
  sequence.scheduled = nullptr;
  sequence.tokens.clear();
  sequence.computed_tokens = 0;
  kv_.Truncate(sequence.kv, 0);
  idle_.push_back(std::move(request->sequence));
  if (status.ok()) {
    Tell(*request, std::move(result));
  } else {
    Tell(*request, std::move(status));
  }
}

void Scheduler::StopAll(const Status& status) {
  Waiting waiting;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    waiting.swap(waiting_);
  }
  for (const auto& request : waiting) Tell(*request, status);
}

}  // namespace sterna::engine
