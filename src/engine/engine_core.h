// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "backend/cpu/cpu_backend.h"
#include "backend/timed_backend.h"
#include "engine/engine.h"
#include "engine/kv_ledger.h"
#include "engine/memory_care.h"
#include "engine/scheduler.h"
#include "engine/step_loop.h"
#include "engine/step_profile.h"
#include "format/gguf_file.h"
#include "grammar/token_tree.h"
#include "kernels/table.h"
#include "memory/buffer_pool.h"
#include "model/model.h"
#include "monitor/health.h"
#include "monitor/worker_times.h"
#include "platform/interval_thread.h"
#include "platform/thread_pool.h"
#include "text/tokenizer.h"

namespace sterna::engine {

// Everything an engine owns. Members are destroyed from the last up: the loop stops first, the file goes last.
struct EngineCore {
  EngineOptions options;
  uint32_t context_tokens = 0;
  LoadReport report;
  std::optional<ActivationRanges> activation_ranges;
  std::optional<format::GgufFile> file;
  std::unique_ptr<const text::Tokenizer> tokenizer;
  std::mutex token_tree_mutex;
  std::shared_ptr<const grammar::TokenTree> token_tree;  // guarded by token_tree_mutex; made when first needed
  std::optional<kernels::KernelTable> mixed_kernels;     // in place of a whole table
  std::unique_ptr<platform::ThreadPool> pool;
  std::unique_ptr<monitor::WorkerTimes> worker_times;
  std::unique_ptr<model::Model> model;  // before the backend, which reads from its memory
  std::unique_ptr<backend::CpuBackend> backend;
  std::unique_ptr<backend::TimedBackend> timed_backend;  // the same, for the model
  std::unique_ptr<KvLedger> kv;
  std::unique_ptr<memory::BufferPool> buffers;  // of sequences
  std::unique_ptr<StepProfile> profile;
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<monitor::HealthMonitor> health;  // the loop tells it of requests, and is looked at by it
  std::unique_ptr<StepLoop> loop;
  std::unique_ptr<MemoryCare> care;                        // null where nobody watches memory
  std::unique_ptr<platform::IntervalThread> health_watch;  // null where nobody but who asks looks at health
};

// Opens, checks and loads a model file, and starts the step loop.
Result<std::unique_ptr<EngineCore>> LoadEngineCore(const std::string& path, const EngineOptions& options);

}  // namespace sterna::engine
