// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "engine/kv_ledger.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "engine/step_batch.h"
#include "engine/step_profile.h"
#include "model/model.h"
#include "monitor/health.h"
#include "platform/thread_pool.h"
#include "text/tokenizer.h"

namespace sterna::engine {

// The engine's only thread that computes: gathers rows of all requests into steps, runs them, draws tokens, and tells
// the callers. It sleeps while there is no request. In a running request it allocates no memory per token.
class StepLoop {
 public:
  struct Parts {  // all outlive the loop
    model::Model& model;
    backend::CpuBackend& backend;
    const text::Tokenizer& tokenizer;
    KvLedger& kv;
    Scheduler& scheduler;
    const platform::ThreadPool& pool;
    StepProfile& profile;
    monitor::HealthMonitor& health;
  };
  StepLoop(const Parts& parts, const StepLimits& limits);
  ~StepLoop() { Stop(); }
  StepLoop(const StepLoop&) = delete;
  StepLoop& operator=(const StepLoop&) = delete;

  // ResourceExhausted when the system gives no thread. Call once.
  Status Start();
  // Ends the requests in flight and all later ones with Cancelled, and ends the thread. One caller at a time.
  void Stop();
  // Runs the request that `sequence` holds and blocks until it is done; result and status are in the sequence then.
  // Any thread.
  void Run(Sequence& sequence);
  // As StepBatch::LimitRows. Any thread.
  void LimitRows(uint32_t rows) { batch_.LimitRows(rows); }
  uint32_t rows() const { return limits_.rows; }
  // Queues a request without a session (Scheduler::Submit). Any thread.
  Status Submit(Submission submission);
  // The backend's, as they were after the last step. Any thread.
  backend::CpuBackendCounters Counters() const;
  // Steps that ended, and whether one has begun. Any thread.
  uint64_t steps() const { return steps_; }
  bool in_step() const { return in_step_; }

 private:
  void Main();
  bool WaitForWork();
  void Step();
  void PollCancelled();
  bool MakeRoom(Sequence& sequence, uint32_t tokens);
  void BuildBatch();
  void AddRows(Sequence& sequence);
  void Deliver(const StepBatch::Entry& entry);
  void DeliverPromptLogits(const StepBatch::Entry& entry);
  void DeliverHidden(const StepBatch::Entry& entry);
  void Guess(Sequence& sequence);
  void DrawTokens(Sequence& sequence, uint32_t output);
  void DrawToken(Sequence& sequence, const backend::LogitRow& row);
  void AcceptToken(Sequence& sequence, text::TokenId token);
  void Retire();
  void NoteEnd(const Sequence& sequence);
  void StopAll();

  Parts parts_;
  const StepLimits limits_;
  const std::vector<text::TokenId> never_drawn_;  // vocabulary holes: tokens of kind "unused"
  StepBatch batch_;
  std::vector<Sequence*> active_;  // the loop's thread only
  uint32_t drawn_tokens_ = 0;      // in this step
  std::vector<Sequence*> order_;   // of the step that is being built; some may have left active_
  bool some_waited_ = false;       // the last batch had no room for some sequence
  std::atomic<uint64_t> steps_ = 0;
  std::atomic<bool> in_step_ = false;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::vector<Sequence*> incoming_;       // guarded by mutex_
  bool stopping_ = false;                 // guarded by mutex_
  backend::CpuBackendCounters counters_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sterna::engine
