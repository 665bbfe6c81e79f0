// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "platform/child_process.h"
#include "sterna/status.h"

namespace sterna::router {

// Processes that are kept running: one that ends is started again. A process is ready once it called
// platform::TellParent.
class Supervisor {
 public:
  struct Settings {
    uint32_t count = 1;
    std::string executable;                                            // a path
    std::function<std::vector<std::string>(uint32_t instance)> words;  // of its command line
    // Told on a thread of the supervisor, in turns for each instance.
    std::function<void(uint32_t instance)> on_up, on_down;
  };
  struct InstanceState {
    pid_t process = 0;  // 0: none now
    bool up = false;
    uint64_t restarts = 0;
  };

  explicit Supervisor(Settings settings) : settings_(std::move(settings)), states_(settings_.count) {}
  ~Supervisor() { Stop(); }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts the first, then, when that is ready, the others, and waits for all. An exit code: one could not start, has
  // said why on stderr, and the others have been ended. Unavailable where one could not say why, Cancelled when
  // `give_up`, which is asked again and again, says so.
  Result<std::optional<int>> Start(const std::function<bool()>& give_up);
  void Signal(int signal);  // to all that run
  // SIGTERM, and SIGKILL to those that are still there ten seconds later. Returns when all have ended.
  void Stop();
  std::vector<InstanceState> States() const;

 private:
  struct Failure {
    uint32_t instance = 0;
    Status status;                 // where nobody said why
    std::optional<int> exit_code;  // where the instance has
  };

  Status Launch(uint32_t instance);
  bool WaitUntilUp(uint32_t instances, const std::function<bool()>& give_up);
  void Keep(uint32_t instance);
  // One life of its process: how it ended, nullopt when it could not be started.
  struct Life {
    std::optional<platform::ChildEnd> end;
    std::string reason;
    bool was_up = false;
  };
  Life Live(uint32_t instance);
  bool Adopt(uint32_t instance, pid_t process);
  void Fail(uint32_t instance, const Life& life);
  bool Sleep(std::chrono::milliseconds time);  // false: stopping

  const Settings settings_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<InstanceState> states_;  // guarded by mutex_, as are the next
  std::optional<Failure> failure_;     // of a first start
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sterna::router
