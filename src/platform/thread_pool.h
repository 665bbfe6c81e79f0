// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "sterna/status.h"

namespace sterna::platform {

// A fixed set of threads that share one loop at a time. The calling thread is worker 0 and takes part, so a pool of 1
// starts no thread. Each worker begins with a run of neighbouring pieces and then helps the others with theirs, so one
// that lost its core delays only the piece it holds; waiting workers spin briefly, then park. ParallelFor allocates
// nothing.
class ThreadPool {
 public:
  static constexpr uint32_t kMaxThreads = 1024;

  // InvalidArgument outside 1..kMaxThreads.
  static Status CheckThreadCount(uint32_t thread_count);
  // InvalidArgument as above; ResourceExhausted when the system gives no more threads. `cpus_of_workers`: where each
  // may run (platform/worker_binding.h); empty: anywhere.
  static Result<std::unique_ptr<ThreadPool>> Create(uint32_t thread_count,
                                                    std::vector<std::vector<uint32_t>> cpus_of_workers = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  uint32_t thread_count() const;
  // Binds the calling thread where worker 0 may run: for the thread that calls ParallelFor.
  Status BindCaller() const;

  // Calls body(piece, worker) once for each piece in 0..piece_count-1, in any order on any worker, and returns when all
  // are done. Not reentrant: one caller at a time, no nested calls. `worker` < thread_count(): the index of a scratch
  // area. With a limit (at least 1) only workers below it take part, and the others sleep on.
  template <class Body>
  void ParallelFor(size_t piece_count, Body&& body, uint32_t worker_limit = kMaxThreads) {
    using Callable = std::remove_reference_t<Body>;
    // The cast takes a const off that the trampoline puts back.
    Run(piece_count, worker_limit, const_cast<void*>(static_cast<const void*>(std::addressof(body))),
        [](void* context, size_t piece, uint32_t worker) { (*static_cast<Callable*>(context))(piece, worker); });
  }

 private:
  using Trampoline = void (*)(void* context, size_t piece, uint32_t worker);
  explicit ThreadPool(uint32_t thread_count);
  void Run(size_t piece_count, uint32_t worker_limit, void* context, Trampoline body);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sterna::platform
