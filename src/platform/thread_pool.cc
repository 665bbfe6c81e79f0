// SPDX-License-Identifier: Apache-2.0
#include "platform/thread_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "platform/shared_pieces.h"
#include "platform/topology.h"
#include "platform/worker_binding.h"

namespace sterna::platform {
namespace {

// How long a waiting thread spins before it parks: longer than the gaps between the operations of a forward pass, about
// what a wake-up through the kernel costs on a virtual machine.
constexpr std::chrono::microseconds kSpinTime{50};

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Spins until `ready()` or, at the latest, for kSpinTime. True when ready.
template <class Ready>
bool SpinUntil(Ready ready) {
  const auto deadline = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int i = 0; i < 16; ++i) {
      if (ready()) return true;
      Pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return ready();
}

// Top bit of the gate: the loop takes workers. The rest counts the workers inside.
constexpr uint32_t kOpen = 1u << 31;

}  // namespace

// A loop's life: the caller writes the loop's fields while the gate is closed and nobody is inside, opens the gate,
// calls the workers that may take part and works; when the pieces are all taken it closes the gate and waits for those
// inside to leave. A worker reads the fields only between entering and leaving, so one that wakes late finds the gate
// closed and never sees a finished loop's body. The caller does not wait for workers that have not entered.
struct ThreadPool::State {
  const uint32_t thread_count;
  bool may_spin = false;

  void* context = nullptr;
  Trampoline body = nullptr;
  SharedPieces pieces;

  // On a line of its own: it is written by many threads.
  alignas(64) std::atomic<uint32_t> gate = 0;
  std::atomic<bool> stopping = false;
  // One for each worker, the caller's unused. Raised for each loop that the worker may take part in, and at the end;
  // the worker parks on it. One word each, so that a loop of few workers leaves the others asleep.
  struct alignas(64) Call {
    std::atomic<uint32_t> count = 0;
  };
  std::vector<Call> calls;
  std::vector<std::thread> workers;
  std::vector<std::vector<uint32_t>> cpus;  // of each worker; empty: anywhere

  explicit State(uint32_t threads) : thread_count(threads), pieces(threads), calls(threads) {}

  Status Bind(uint32_t worker) const { return cpus.empty() ? Status() : BindThisThread(cpus[worker]); }

  bool Enter() {
    uint32_t seen = gate.load(std::memory_order_relaxed);
    while (seen & kOpen) {
      if (gate.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void Leave() {
    if (gate.fetch_sub(1, std::memory_order_release) == 1) gate.notify_all();  // closed, and the last one out
  }

  void TakePieces(uint32_t worker) {
    for (size_t piece; pieces.Take(worker, &piece);) body(context, piece, worker);
  }

  void AwaitCall(const Call& call, uint32_t old_count) {
    const auto changed = [&] { return call.count.load(std::memory_order_acquire) != old_count; };
    if (may_spin && SpinUntil(changed)) return;
    call.count.wait(old_count, std::memory_order_acquire);
  }

  void AwaitEmptyGate() {
    const auto empty = [&] { return gate.load(std::memory_order_acquire) == 0; };
    if (may_spin && SpinUntil(empty)) return;
    for (uint32_t seen; (seen = gate.load(std::memory_order_acquire)) != 0;) {
      gate.wait(seen, std::memory_order_acquire);
    }
  }

  // Workers 1 to end - 1. The wake-ups of parked ones are one system call each.
  void CallWorkers(size_t end) {
    for (size_t worker = 1; worker < end; ++worker) {
      calls[worker].count.fetch_add(1, std::memory_order_release);
      calls[worker].count.notify_one();
    }
  }

  void Work(uint32_t worker) {
    if (const Status status = Bind(worker); !status.ok()) Log(LogLevel::kWarn, "platform", status.message());
    uint32_t seen = 0;
    while (true) {
      AwaitCall(calls[worker], seen);
      seen = calls[worker].count.load(std::memory_order_acquire);
      if (stopping.load(std::memory_order_acquire)) return;
      if (!Enter()) continue;
      TakePieces(worker);
      Leave();
    }
  }

  ~State() {
    stopping.store(true, std::memory_order_release);
    CallWorkers(workers.size() + 1);
    for (std::thread& worker : workers) worker.join();
  }
};

ThreadPool::ThreadPool(uint32_t thread_count) : state_(std::make_unique<State>(thread_count)) {}
ThreadPool::~ThreadPool() = default;

Status ThreadPool::CheckThreadCount(uint32_t thread_count) {
  if (thread_count >= 1 && thread_count <= kMaxThreads) return {};
  return Status::InvalidArgument(fmt::format("{} threads asked for; the range is 1 to {}", thread_count, kMaxThreads));
}

Result<std::unique_ptr<ThreadPool>> ThreadPool::Create(uint32_t thread_count,
                                                       std::vector<std::vector<uint32_t>> cpus_of_workers) {
  STERNA_RETURN_IF_ERROR(CheckThreadCount(thread_count));
  STERNA_DCHECK(cpus_of_workers.empty() || cpus_of_workers.size() == thread_count);
  std::unique_ptr<ThreadPool> pool(new ThreadPool(thread_count));
  State& state = *pool->state_;
  state.cpus = std::move(cpus_of_workers);
  // With more threads than CPUs a spinning thread keeps a working one from its core.
  state.may_spin = thread_count > 1 && thread_count <= UsableLogicalCpus();
  try {
    state.workers.reserve(thread_count - 1);
    for (uint32_t worker = 1; worker < thread_count; ++worker) {
      state.workers.emplace_back([&state, worker] { state.Work(worker); });
    }
  } catch (const std::exception& error) {
    return Status::ResourceExhausted(fmt::format("the system gives no more than {} of {} threads: {}",
                                                 state.workers.size() + 1, thread_count, error.what()));
  }
  return pool;
}

uint32_t ThreadPool::thread_count() const { return state_->thread_count; }

Status ThreadPool::BindCaller() const { return state_->Bind(0); }

void ThreadPool::Run(size_t piece_count, uint32_t worker_limit, void* context, Trampoline body) {
  State& state = *state_;
  STERNA_DCHECK(worker_limit >= 1);
  const size_t workers = std::min<size_t>({worker_limit, state.thread_count, piece_count});
  if (workers <= 1) {
    for (size_t piece = 0; piece < piece_count; ++piece) body(context, piece, 0);
    return;
  }
  STERNA_DCHECK(state.gate.load(std::memory_order_relaxed) == 0);  // one caller at a time, no nested calls
  state.context = context;
  state.body = body;
  state.pieces.Share(piece_count, workers);
  state.gate.store(kOpen, std::memory_order_release);
  state.CallWorkers(workers);
  state.TakePieces(0);
  state.gate.fetch_sub(kOpen, std::memory_order_relaxed);
  state.AwaitEmptyGate();
}

}  // namespace sterna::platform
