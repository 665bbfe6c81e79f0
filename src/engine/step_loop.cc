// SPDX-License-Identifier: Apache-2.0
#include "engine/step_loop.h"

#include <algorithm>
#include <limits>
#include <system_error>

#include "base/log.h"
#include "base/status_macros.h"
#include "engine/request_end.h"

namespace sterna::engine {
namespace {

// A caller's callback that throws must not take the loop down with it.
template <class Call>
bool CallBack(Sequence& sequence, Call&& call) {
  try {
    return call();
  } catch (...) {
    FailRequest(sequence, Status::InvalidArgument("a callback of the request threw an exception"));
    return false;
  }
}

std::vector<text::TokenId> UnusedTokens(const text::Tokenizer& tokenizer) {
  const std::vector<text::TokenKind>& kinds = tokenizer.vocabulary().kinds;
  std::vector<text::TokenId> unused;
  for (size_t id = 0; id < kinds.size(); ++id) {
    if (kinds[id] == text::TokenKind::kUnused) unused.push_back(text::TokenId(id));
  }
  return unused;
}

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace

StepLoop::StepLoop(const Parts& parts, const StepLimits& limits)
    : parts_(parts), limits_(limits), never_drawn_(UnusedTokens(parts.tokenizer)), batch_(limits, never_drawn_) {}

void StepLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Status StepLoop::Start() {
  try {
    thread_ = std::thread([this] { Main(); });
  } catch (const std::system_error& error) {
    return Status::ResourceExhausted(std::string("the system gives no thread for the engine: ") + error.what());
  }
  return {};
}

void StepLoop::Run(Sequence& sequence) {
  std::unique_lock lock(mutex_);
  if (stopping_) return FailRequest(sequence, Status::Cancelled("the engine is shutting down"));
  sequence.done = false;
  incoming_.push_back(&sequence);
  work_.notify_one();
  sequence.done_changed.wait(lock, [&] { return sequence.done; });
}

Status StepLoop::Submit(Submission submission) {
  STERNA_RETURN_IF_ERROR(parts_.scheduler.Submit(std::move(submission)));
  { const std::lock_guard lock(mutex_); }  // the loop is either before its look at the queue or waits
  work_.notify_one();
  return {};
}

backend::CpuBackendCounters StepLoop::Counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void StepLoop::Main() {
  if (const Status status = parts_.pool.BindCaller(); !status.ok()) Log(LogLevel::kWarn, "engine", status.message());
  while (WaitForWork()) {
    in_step_ = true;
    Step();
    Retire();
    ++steps_;
    in_step_ = false;
  }
  StopAll();
}

void StepLoop::Step() {
  monitor::Track* const track = parts_.profile.Track();
  monitor::Span step(track, "step");
  drawn_tokens_ = 0;
  PollCancelled();
  BuildBatch();
  if (batch_.empty()) return;
  step.facts().rows = uint32_t(batch_.View().tokens.size());
  const Status status = [&] {
    const monitor::Span forward(track, "forward");
    return parts_.model.Forward(batch_.View());
  }();
  const monitor::Span draw(track, "draw");
  for (const StepBatch::Entry& entry : batch_.entries()) {
    status.ok() ? Deliver(entry) : FailRequest(*entry.sequence, status);
  }
  step.facts().tokens = drawn_tokens_;
}

bool StepLoop::WaitForWork() {
  {
    std::unique_lock lock(mutex_);
    work_.wait(lock,
               [&] { return stopping_ || !incoming_.empty() || !active_.empty() || parts_.scheduler.HasWaiting(); });
    active_.insert(active_.end(), incoming_.begin(), incoming_.end());
    incoming_.clear();
    if (stopping_) return false;
  }
  parts_.scheduler.Admit(active_);
  return true;
}

void StepLoop::PollCancelled() {
  const Clock::time_point now = Clock::now();
  for (Sequence* sequence : active_) {
    if (Scheduler::IsLate(*sequence, now)) {
      FailRequest(*sequence, Status::Cancelled("the request's deadline passed while it ran"));
      continue;
    }
    const GenerateRequest& request = *sequence->request;
    if (!request.cancelled) continue;
    if (CallBack(*sequence, request.cancelled)) FinishRequest(*sequence, FinishReason::kCancelled);
  }
}

// Rows that yield a token come first: nobody's answer stalls behind another's long prompt. Where a step had no room for
// all, the sequences take turns at the very front, so that a prompt does not wait for answers to end either.
void StepLoop::BuildBatch() {
  batch_.Clear();
  size_t first = 0;
  if (some_waited_ && active_.size() > 1) {
    std::rotate(active_.begin(), active_.begin() + 1, active_.end());
    AddRows(*active_[first++]);
  }
  some_waited_ = false;
  order_.assign(active_.begin() + std::ptrdiff_t(first), active_.end());
  for (Sequence* sequence : order_) {
    if (sequence->AtLastRow()) AddRows(*sequence);
  }
  for (Sequence* sequence : order_) {
    if (!sequence->AtLastRow()) AddRows(*sequence);
  }
}

void StepLoop::AddRows(Sequence& sequence) {
  if (sequence.finished || sequence.preempted) return;
  Guess(sequence);
  const uint32_t rows = batch_.RowsThatFit(sequence);
  if (rows == 0) {
    some_waited_ = true;
    return;
  }
  if (!MakeRoom(sequence, sequence.computed_tokens + rows)) return;
  sequence.speculation.Shorten(rows > sequence.PendingRows() ? rows - sequence.PendingRows() : 0);
  batch_.Add(sequence, rows);
}

// KV blocks for the sequence's first tokens. Where none are left, the youngest requests give theirs, of those whose
// rows are not in the step yet; the sequence itself may be the one that waits.
bool StepLoop::MakeRoom(Sequence& sequence, uint32_t tokens) {
  const auto spared = [&](const Sequence& other) {
    if (active_.size() == 1) return true;
    return std::any_of(batch_.entries().begin(), batch_.entries().end(),
                       [&](const StepBatch::Entry& entry) { return entry.sequence == &other; });
  };
  Status status = parts_.kv.Reserve(sequence.kv, tokens);
  while (!status.ok() && parts_.scheduler.PreemptYoungest(active_, spared)) {
    if (sequence.preempted) return false;
    status = parts_.kv.Reserve(sequence.kv, tokens);
  }
  if (status.ok()) return true;
  FailRequest(sequence, std::move(status));
  return false;
}

// Guesses take no more than the sequence's share of a step's rows, so that nobody waits for them.
void StepLoop::Guess(Sequence& sequence) {
  sequence.speculation.Clear();
  const GenerateRequest& request = *sequence.request;
  const size_t drawn = sequence.result.tokens.size(), held = sequence.tokens.size();
  if (!sequence.AtLastRow() || drawn + 1 >= request.max_tokens || held + 1 >= sequence.context_tokens) return;
  const size_t share = std::max<size_t>(1, limits_.rows / active_.size()) - 1;
  const size_t limit = std::min({request.max_tokens - drawn - 1, sequence.context_tokens - held - 1, share});
  sequence.speculation.Guess(sequence.tokens, limit);
  // A guess must not be what runs the engine out of blocks.
  const size_t rows = held + sequence.speculation.guess().size();
  if (!parts_.kv.Reserve(sequence.kv, uint32_t(rows)).ok()) sequence.speculation.Clear();
}

void StepLoop::Deliver(const StepBatch::Entry& entry) {
  Sequence& sequence = *entry.sequence;
  const auto guessed = uint32_t(sequence.speculation.guess().size());
  sequence.computed_tokens += entry.rows - guessed;
  DeliverPromptLogits(entry);
  DeliverHidden(entry);
  if (sequence.finished || sequence.PendingRows() > 0) return;

  const bool room = sequence.tokens.size() < sequence.context_tokens;
  if (sequence.result.tokens.empty()) {
    sequence.result.timings.prefill_ms = MillisecondsSince(sequence.submitted);
    if (sequence.scheduled != nullptr) parts_.scheduler.Remember(sequence);
  }
  if (sequence.request->max_tokens == 0 || !room) return FinishRequest(sequence, FinishReason::kLength);
  DrawTokens(sequence, entry.first_output + entry.outputs - 1 - guessed);
}

// A token is drawn after the last one known, and after each guess as long as the guesses were what was drawn. Each draw
// sees the very logits and history it would see alone; rows behind a wrong guess are left, to be computed anew.
void StepLoop::DrawTokens(Sequence& sequence, uint32_t output) {
  const std::span<const text::TokenId> guess = sequence.speculation.guess();
  size_t right = 0;
  while (true) {
    DrawToken(sequence, parts_.backend.Logits(output + uint32_t(right)));
    if (sequence.finished || right == guess.size() || sequence.tokens.back() != guess[right]) break;
    ++right;
    ++sequence.computed_tokens;
  }
  sequence.result.timings.guessed_tokens += uint32_t(guess.size());
  sequence.result.timings.accepted_tokens += uint32_t(right);
  sequence.speculation.Learn(right);
  sequence.speculation.Clear();
}

void StepLoop::DeliverPromptLogits(const StepBatch::Entry& entry) {
  Sequence& sequence = *entry.sequence;
  const auto& on_logits = sequence.request->on_prompt_logits;
  if (!on_logits) return;
  // The outputs are of the entry's last rows, for they are missing only before the prompt's begin.
  const uint32_t first_position =
      sequence.computed_tokens + uint32_t(sequence.speculation.guess().size()) - entry.outputs;
  for (uint32_t i = 0; i < entry.outputs && !sequence.finished; ++i) {
    const uint32_t position = first_position + i;
    if (position < sequence.prompt_begin || position >= sequence.prompt_end) continue;
    CallBack(sequence, [&] { return on_logits(position, parts_.backend.Logits(entry.first_output + i).logits), true; });
  }
}

void StepLoop::DeliverHidden(const StepBatch::Entry& entry) {
  Sequence& sequence = *entry.sequence;
  const auto& on_hidden = sequence.request->on_hidden;
  if (!on_hidden) return;
  const uint32_t known_rows = entry.rows - uint32_t(sequence.speculation.guess().size());
  for (uint32_t i = 0; i < known_rows && !sequence.finished; ++i) {
    const uint32_t position = sequence.computed_tokens - known_rows + i;
    if (position < sequence.prompt_begin || position >= sequence.prompt_end) continue;
    CallBack(sequence, [&] { return on_hidden(position, parts_.model.Hidden(entry.first_row + i)), true; });
  }
}

void StepLoop::DrawToken(Sequence& sequence, const backend::LogitRow& row) {
  const sample::DrawContext context{
      .history = sequence.tokens, .position = sequence.tokens.size(), .choice = sequence.request->choice};
  const sample::SamplingParams& sampling = sequence.request->sampling;
  if (row.all) {
    for (const text::TokenId id : never_drawn_) row.logits[size_t(id)] = -std::numeric_limits<float>::infinity();
  }
  if (sequence.request->on_draw_logits) {
    CallBack(sequence, [&] { return sequence.request->on_draw_logits(row.logits), true; });
    if (sequence.finished) return;
  }
  if (sequence.constrained) {
    Status status = sequence.constrained->Ban(row);
    if (!status.ok()) return FailRequest(sequence, std::move(status));
  }
  const Result<int32_t> token = row.all ? sequence.sampler.Draw(row.logits, sampling, context)
                                        : sequence.sampler.DrawAmong(row.ids, row.logits, sampling, context);
  if (!token.ok()) return FailRequest(sequence, token.status());
  if (sequence.constrained) {
    Status status = sequence.constrained->Accept(*token);
    if (!status.ok()) return FailRequest(sequence, std::move(status));
  }
  AcceptToken(sequence, *token);
}

void StepLoop::AcceptToken(Sequence& sequence, text::TokenId token) {
  const GenerateRequest& request = *sequence.request;
  GenerateResult& result = sequence.result;
  sequence.tokens.push_back(token);
  ++drawn_tokens_;
  const Clock::time_point now = Clock::now();
  if (result.tokens.empty()) {
    sequence.first_token = now;
    result.timings.first_token_ms = MillisecondsSince(sequence.submitted);
  }
  if (!request.ignore_end_of_generation && parts_.tokenizer.IsEndOfGeneration(token)) {
    result.end_token = token;
    return FinishRequest(sequence, FinishReason::kStop);
  }
  sequence.last_token = now;
  result.tokens.push_back(token);
  const bool go_on = !request.on_token || CallBack(sequence, [&] { return request.on_token(token); });
  if (sequence.finished) return;
  const bool complete = sequence.constrained && sequence.constrained->Complete();
  if (!go_on || complete) return FinishRequest(sequence, FinishReason::kStop);
  const bool full = sequence.tokens.size() >= sequence.context_tokens;
  if (full || result.tokens.size() >= request.max_tokens) FinishRequest(sequence, FinishReason::kLength);
}

// After `done` is set the caller may destroy the sequence: it has left active_ by then and is not touched again.
void StepLoop::Retire() {
  order_.clear();
  {
    const std::lock_guard lock(mutex_);
    counters_ = parts_.backend.Counters();
    std::erase_if(active_, [this](Sequence* sequence) {
      if (!sequence->finished) return false;
      NoteEnd(*sequence);
      if (sequence->scheduled != nullptr) {
        order_.push_back(sequence);
        return true;
      }
      sequence->done = true;
      sequence->done_changed.notify_one();
      return true;
    });
  }
  for (Sequence* sequence : order_) parts_.scheduler.Finish(*sequence);
}

// What the client asked wrongly, or called off, is no failure of the engine.
void StepLoop::NoteEnd(const Sequence& sequence) {
  const Timings& timings = sequence.result.timings;
  const StatusCode code = sequence.status.code();
  const bool failed = code == StatusCode::kCorrupt || code == StatusCode::kResourceExhausted ||
                      code == StatusCode::kUnavailable || code == StatusCode::kInternal;
  parts_.health.NoteRequest(
      sequence.result.tokens.empty() ? std::nullopt : std::optional(timings.queue_ms + timings.first_token_ms), failed);
}

void StepLoop::StopAll() {
  const Status stopped = Status::Cancelled("the engine is shutting down");
  for (Sequence* sequence : active_) FailRequest(*sequence, stopped);
  Retire();
  parts_.scheduler.StopAll(stopped);
}

}  // namespace sterna::engine
