// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/kv_ledger.h"
#include "engine/sequence.h"
#include "engine/submission.h"
#include "memory/buffer_pool.h"

namespace sterna::engine {

// A submission on its way: waiting, or running on a sequence.
struct ScheduledRequest {
  Submission submission;
  std::unique_ptr<Sequence> sequence;  // of one that runs, or did before it was preempted
  Clock::time_point arrival;
  uint64_t order = 0;  // of arrival
};

// Requests without sessions: a bounded queue, who comes next, and the sequences that they run on. Submit and State are
// for any thread, everything else for the step loop's.
class Scheduler {
 public:
  struct Limits {
    uint32_t running = 1;
    uint32_t waiting = 1;
    uint32_t context_tokens = 1;
    size_t vocabulary_size = 1;
  };
  Scheduler(const Limits& limits, KvLedger& kv, memory::BufferPool& buffers)
      : limits_(limits), kv_(kv), buffers_(buffers) {}

  // InvalidArgument and ResourceExhausted as CheckRequest; Unavailable when the queue is full. On an error on_done is
  // not called.
  Status Submit(Submission submission);
  QueueState State() const;
  bool HasWaiting() const;

  // Ends the waiting ones that were cancelled or are late, and starts those that there is room for.
  void Admit(std::vector<Sequence*>& active);
  // Whether a running one is late.
  static bool IsLate(const Sequence& sequence, Clock::time_point now);
  // The youngest running request that may give way to others: its blocks are free then, and it waits to be computed
  // again. `active` loses it. False when there is none; `spared` says which may not be touched.
  bool PreemptYoungest(std::vector<Sequence*>& active, const std::function<bool(const Sequence&)>& spared);
  // Keeps what is computed of a sequence for requests that begin with the same tokens.
  void Remember(const Sequence& sequence);
  // Takes a finished sequence back and calls on_done.
  void Finish(Sequence& sequence);
  // Ends everything that waits.
  void StopAll(const Status& status);

 private:
  using Waiting = std::deque<std::unique_ptr<ScheduledRequest>>;
  std::vector<std::unique_ptr<ScheduledRequest>> TakeEnded(Clock::time_point now);
  Waiting::iterator Next();
  bool Precedes(const ScheduledRequest& a, const ScheduledRequest& b) const;
  // False when there is no memory for another sequence while others run: the request waits on.
  bool Start(std::unique_ptr<ScheduledRequest> request, std::vector<Sequence*>& active);
  bool GiveSequence(ScheduledRequest& request);
  void Run(std::unique_ptr<ScheduledRequest> request, std::vector<Sequence*>& active);
  std::unique_ptr<ScheduledRequest> TakeRunning(const ScheduledRequest& request);
  bool Fits(const ScheduledRequest& request) const;

  const Limits limits_;
  KvLedger& kv_;
  memory::BufferPool& buffers_;
  mutable std::mutex mutex_;  // guards all below
  Waiting waiting_;
  std::vector<std::unique_ptr<ScheduledRequest>> running_;
  std::map<std::string, uint32_t> running_of_client_;
  std::vector<std::unique_ptr<Sequence>> idle_;
  uint64_t arrivals_ = 0;
  uint64_t preempted_total_ = 0;
  bool stopped_ = false;
};

}  // namespace sterna::engine
