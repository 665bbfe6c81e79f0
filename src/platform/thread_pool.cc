// SPDX-License-Identifier: Apache-2.0
#include "platform/thread_pool.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

#include "base/check.h"
#include "platform/topology.h"

namespace sterna::platform {
namespace {

// How long a waiting thread spins before it parks: about the gap between two operations of a forward pass, and less
// than a wake-up through the kernel costs.
constexpr std::chrono::microseconds kSpinTime{5};

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
// raises the generation and works; when the pieces are all taken it closes the gate and waits for those inside to
// leave. A worker reads the fields only between entering and leaving, so one that wakes late finds the gate closed and
// never sees a finished loop's body. The caller does not wait for workers that have not entered.
struct ThreadPool::State {
  uint32_t thread_count = 1;
  bool may_spin = false;

  void* context = nullptr;
  Trampoline body = nullptr;
  size_t piece_count = 0;

  // On lines of their own: each is written by many threads.
  alignas(64) std::atomic<size_t> next_piece = 0;
  alignas(64) std::atomic<uint32_t> gate = 0;
  alignas(64) std::atomic<uint32_t> generation = 0;  // raised for each loop and at the end; workers park on it
  std::atomic<bool> stopping = false;
  std::vector<std::thread> workers;

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
    for (size_t piece; (piece = next_piece.fetch_add(1, std::memory_order_relaxed)) < piece_count;) {
      body(context, piece, worker);
    }
  }

  void AwaitGeneration(uint32_t old_generation) {
    const auto changed = [&] { return generation.load(std::memory_order_acquire) != old_generation; };
    if (may_spin && SpinUntil(changed)) return;
    generation.wait(old_generation, std::memory_order_acquire);
  }

  void AwaitEmptyGate() {
    const auto empty = [&] { return gate.load(std::memory_order_acquire) == 0; };
    if (may_spin && SpinUntil(empty)) return;
    for (uint32_t seen; (seen = gate.load(std::memory_order_acquire)) != 0;) {
      gate.wait(seen, std::memory_order_acquire);
    }
  }

  void Announce() {
    generation.fetch_add(1, std::memory_order_release);
    generation.notify_all();
  }

  void Work(uint32_t worker) {
    uint32_t seen = 0;
    while (true) {
      AwaitGeneration(seen);
      seen = generation.load(std::memory_order_acquire);
      if (stopping.load(std::memory_order_acquire)) return;
      if (!Enter()) continue;
      TakePieces(worker);
      Leave();
    }
  }

  ~State() {
    stopping.store(true, std::memory_order_release);
    Announce();
    for (std::thread& worker : workers) worker.join();
  }
};

ThreadPool::ThreadPool() : state_(std::make_unique<State>()) {}
ThreadPool::~ThreadPool() = default;

Result<std::unique_ptr<ThreadPool>> ThreadPool::Create(uint32_t thread_count) {
  if (thread_count < 1 || thread_count > kMaxThreads) {
    return Status::InvalidArgument(
        fmt::format("{} threads asked for; the range is 1 to {}", thread_count, kMaxThreads));
  }
  std::unique_ptr<ThreadPool> pool(new ThreadPool);
  State& state = *pool->state_;
  state.thread_count = thread_count;
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

void ThreadPool::Run(size_t piece_count, void* context, Trampoline body) {
  State& state = *state_;
  if (state.thread_count == 1 || piece_count <= 1) {
    for (size_t piece = 0; piece < piece_count; ++piece) body(context, piece, 0);
    return;
  }
  STERNA_DCHECK(state.gate.load(std::memory_order_relaxed) == 0);  // one caller at a time, no nested calls
  state.context = context;
  state.body = body;
  state.piece_count = piece_count;
  state.next_piece.store(0, std::memory_order_relaxed);
  state.gate.store(kOpen, std::memory_order_release);
  state.Announce();
  state.TakePieces(0);
  state.gate.fetch_sub(kOpen, std::memory_order_relaxed);
  state.AwaitEmptyGate();
}

}  // namespace sterna::platform
